#pragma once

/// @file One zip member decoded, whatever its headers say.

#include <cstddef>
#include <string>
#include <string_view>

#include "analyzers/archive/unpacking.hpp"
#include "analyzers/archive/zip_records.hpp"

namespace postern::analyzers {

/// A member as the directory has it (`claimed`) and as its own header has it (`local`). They are
/// the same for a member that no directory lists.
struct ZipMember {
    ZipHeader claimed;
    ZipHeader local;
    std::size_t begin = 0;  ///< of the local header
    bool listed = false;

    [[nodiscard]] std::size_t data() const { return begin + local.length; }
    [[nodiscard]] bool encrypted() const { return claimed.encrypted() || local.encrypted(); }
};

struct ZipContent {
    std::string bytes;
    std::size_t end = 0;    ///< of the data in the file
    bool decoded = false;   ///< to the end of the stream
    bool verified = false;  ///< and its CRC is one that a header gives
};

/// Decodes by the claimed method, then by the local one, then by the two that need no parameters,
/// until a CRC fits. If none does: the first that decoded at all, or what there was of it.
[[nodiscard]] ZipContent decode_member(std::string_view file, const ZipMember& member,
                                       Unpacking& unpacking);

/// True for the methods that decode_member() can do something about (APPNOTE 4.4.5).
[[nodiscard]] bool zip_method_supported(std::uint16_t method);

}  // namespace postern::analyzers
