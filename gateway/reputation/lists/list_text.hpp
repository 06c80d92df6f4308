#pragma once

/// @file The text of a list file or feed, line by line.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/settings/lists.hpp"

namespace postern::reputation {

using settings::ListFormat;
using settings::ListSyntax;

inline constexpr std::size_t kMaxLine = 16384;  ///< bytes; a longer line is no list's

/// What reading a text came to.
struct ListTally {
    std::size_t entries = 0;  ///< taken
    std::size_t bad = 0;      ///< lines that are no entry
    std::size_t first_bad_line = 0;
    std::string first_bad;  ///< what is wrong with it
    bool stopped = false;   ///< more bad lines or entries than allowed: the rest was not read
};

struct ListBounds {
    std::size_t max_bad = 0;
    std::size_t max_entries = 50'000'000;
};

/// Hands each entry of `text` to `take`, which says whether it is one. Empty lines and comments
/// ("#" or ";" first, or behind a blank) are skipped; so are the names of the own host in hosts
/// files.
///
/// Plain: one entry a line. Hosts: an address, then names. Csv (RFC 4180, one record a line): one
/// column. JsonLines: one member of the object in each line; a path like "a.b" goes down.
[[nodiscard]] ListTally read_list(std::string_view text, const ListFormat& format,
                                  const ListBounds& bounds,
                                  const std::function<bool(std::string_view)>& take);

}  // namespace postern::reputation
