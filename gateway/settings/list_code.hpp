#pragma once

/// @file Which answers of a DNS list count: "127.0.0.2 = 3", "127.0.0.4-7 = 5 phishing",
/// "&0x08 = 4".

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"

namespace postern::settings {

/// Addresses as numbers in host order: 127.0.0.2 is 0x7F000002.
struct ListCode {
    std::uint32_t first = 0;  ///< of a range, inclusive; 0 for a mask
    std::uint32_t last = 0;
    std::uint32_t mask = 0;  ///< not 0: any of these bits, of the low three bytes
    bool has_score = false;  ///< else the list's own score counts
    double score = 0;        ///< -100 to 100
    std::string meaning;     ///< for a person; may be empty

    [[nodiscard]] bool matches(std::uint32_t address) const;
    friend bool operator==(const ListCode&, const ListCode&) = default;
};
inline constexpr std::size_t kMaxListCode = 256;  ///< bytes of one text

/// True for 127.0.0.0/8 without 127.255.255.0/24, which lists use to say that they refuse to
/// answer.
[[nodiscard]] constexpr bool is_list_answer(std::uint32_t address) {
    return address >> 24U == 127 && address >> 8U != 0x7FFFFF;
}

/// "127.0.0.2", "127.0.0.4-7", "127.0.0.4-127.0.1.255", "&0x08" or "&8", each with " = SCORE" and,
/// behind that, words for a person. The failure is a sentence.
[[nodiscard]] Outcome<ListCode, std::string> parse_list_code(std::string_view text);
/// What parse_list_code() reads back as the same.
[[nodiscard]] std::string format_list_code(const ListCode& code);

}  // namespace postern::settings
