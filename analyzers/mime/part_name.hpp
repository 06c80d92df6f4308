#pragma once

#include <string>

#include "analyzers/mime/parameters.hpp"

namespace postern::analyzers {

struct PartName {
    std::string name;      ///< decoded, cleaned; the likeliest, or the one that is run or unpacked
    bool differs = false;  ///< readers show different names
    bool disguised = false;  ///< it has characters that nobody sees or that turn the direction
};

/// The file name of a part from Content-Disposition and Content-Type (RFC 2183, RFC 2231, and RFC
/// 2047 where it does not belong). Of several names the one whose extension can do harm counts:
/// some mail program will use it.
[[nodiscard]] PartName part_name(const ParameterList& disposition, const ParameterList& type);

}  // namespace postern::analyzers
