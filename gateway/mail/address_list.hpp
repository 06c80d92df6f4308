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
enum AddressListFlaw : std::uint8_t {
    kObsolete = 1,           ///< obsolete syntax: routes, blanks around dots, empty list elements
    kNoBrackets = 2,         ///< "Joe" joe@example.org
    kUnendedGroup = 4,       ///< a group without its ";"
    kDotInName = 8,          ///< a dot in a display name that is not quoted
};

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
    Syntax,           ///< not the grammar, nor one of the flaws above
    ControlByte,      ///< NUL or another byte that no field may hold
    TooDeep,          ///< comments in comments
    TooMany,          ///< addresses
};

struct AddressListLimits {
    std::size_t addresses = 10'000;
    std::size_t comment_depth = 32;
};

/// `value` is the field's body, folded or not. An empty list is no error: it has no addresses.
[[nodiscard]] Outcome<AddressList, AddressListError> parse_address_list(
    std::string_view value, const AddressListLimits& limits = {});

}  // namespace postern::mail
