#pragma once

/// @file The words of an address list. Private to this folder.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mail/address_list.hpp"

namespace postern::mail {

struct AddressToken {
    enum class Kind : std::uint8_t { Atom, Quoted, Literal, Special };
    Kind kind = Kind::Atom;
    std::string text;           ///< unquoted; a literal with its brackets; one of ",:;<>@."
    bool blank_before = false;  ///< blanks, folds or a comment
};

/// Linear. Comments are dropped.
[[nodiscard]] Outcome<std::vector<AddressToken>, AddressListError> address_tokens(
    std::string_view text, std::size_t comment_depth);

}  // namespace postern::mail
