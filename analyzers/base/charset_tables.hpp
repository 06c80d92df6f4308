#pragma once

/// @file Rare charsets as tables. iconv knows them all, but each is a module of five mappings that
/// every later fork copies: the tables are made by a child process that loads the modules and ends.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

/// One charset whose characters have one or two bytes; the lower half is ASCII.
struct CharsetTable {
    static constexpr char32_t kNone = 0xFFFD;
    std::vector<char32_t>
        single;                   ///< 128 entries, by byte - 128; kNone: leads a pair or is nothing
    std::vector<char32_t> pairs;  ///< 128 x 256 entries by lead and trail; empty: single bytes only
};

class CharsetTables {
public:
    /// `names` as iconv knows them; those it does not know are left out. Forks once and waits.
    [[nodiscard]] static std::unique_ptr<const CharsetTables> make(
        const std::vector<std::string_view>& names);

    /// nullptr: not known.
    [[nodiscard]] const CharsetTable* find(std::string_view name) const;

private:
    std::map<std::string, CharsetTable, std::less<>> tables_;
};

}  // namespace postern
