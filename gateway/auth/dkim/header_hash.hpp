#pragma once

/// @file What of a header is signed, and its hash (RFC 6376 3.4.1, 3.4.2, 3.7, 5.4.2).

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/auth/dkim/signature.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::dkim {

/// One field as it is hashed, with its line end. The field has a colon.
void append_canonical(std::string& to, const mail::HeaderField& field,
                      Canonicalization canonicalization);
/// The same for a signature's own field: the value of b= left out, no line end.
void append_canonical_signature(std::string& to, const Signature& signature);
/// The same for a field that is being made: "Name: value" without b='s value and line end.
void append_canonical_unsigned(std::string& to, std::string_view field_text,
                               Canonicalization canonicalization);

/// Finds fields by name without reading the block again. Knows only the names it was made for, so
/// that a header of a million names costs no memory.
class FieldIndex {
public:
    FieldIndex(const mail::HeaderBlock& header, const std::vector<std::string>& lower_names);

    /// Indices into the block, top to bottom; empty: no such field, or not asked for.
    [[nodiscard]] const std::vector<std::size_t>& find(const std::string& lower_name) const;

private:
    std::unordered_map<std::string, std::vector<std::size_t>> fields_;
    std::vector<std::size_t> none_;
};

/// The fields that `names` sign: for each name the next one from the bottom; names beyond what
/// there is sign nothing, which is what over-signing is for.
[[nodiscard]] std::vector<std::size_t> select_fields(const FieldIndex& index,
                                                     const std::vector<std::string>& names);

/// What the signature signs, its own field included.
[[nodiscard]] Sha256Digest header_digest(const mail::HeaderBlock& header, const FieldIndex& index,
                                         const Signature& signature);

}  // namespace postern::auth::dkim
