#pragma once

/// @file The address lists of From, To, Reply-To and their like (RFC 5322 3.4, 4.4; RFC 6854
/// groups; RFC 6532 UTF-8).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::mail {

/// Deviations from the grammar that leave no doubt about the addresses; bits.
inline constexpr std::uint8_t kRoute = 1;  ///< <@one,@two:joe@example.org> (4.4, obsolete)
inline constexpr std::uint8_t kBlankInAddress =
    2;  ///< blanks or comments around dots and "@" (4.4, obsolete)
inline constexpr std::uint8_t kEmptyElement = 4;   ///< a comma too many (4.4, obsolete)
inline constexpr std::uint8_t kNoBrackets = 8;     ///< "Joe" joe@example.org
inline constexpr std::uint8_t kUnendedGroup = 16;  ///< a group without its ";"
inline constexpr std::uint8_t kDotInName =
    32;  ///< a dot in a display name that is not quoted (4.1, obsolete)
inline constexpr std::uint8_t kOddDots =
    64;  ///< a local part that begins or ends with a dot, or has two together

struct ListedAddress {
    std::string display_name;  ///< quotes and comments removed, blanks reduced; encoded words stay
    std::string local_part;    ///< unquoted
    std::string domain;        ///< as written, without comments and blanks; "[...]" for a literal
};

struct AddressList {
    std::vector<ListedAddress> addresses;  ///< those in groups as well
    std::size_t groups = 0;
    std::uint8_t flaws = 0;
};

enum class AddressListError {
    Syntax,       ///< not the grammar, nor one of the flaws above
    ControlByte,  ///< NUL or another byte that no field may hold
    TooDeep,      ///< comments in comments
    TooMany,      ///< addresses
};

struct AddressListLimits {
    std::size_t addresses = 10'000;
    std::size_t comment_depth = 32;
};

/// `value` is the field's body, folded or not. An empty list is no error: it has no addresses.
[[nodiscard]] Outcome<AddressList, AddressListError> parse_address_list(
    std::string_view value, const AddressListLimits& limits = {});

}  // namespace postern::mail
