#pragma once

/// @file The key record of a selector (RFC 6376 3.6.1).

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"

namespace postern::auth::dkim {

enum class KeyType : std::uint8_t { Rsa, Ed25519 };

struct KeyRecord {
    KeyType type = KeyType::Rsa;
    std::string key;           ///< p=, decoded; empty: revoked
    bool sha256 = true;        ///< h= has it, or there is no h=
    bool email = true;         ///< s= has "email" or "*", or there is no s=
    bool testing = false;      ///< t=y
    bool same_domain = false;  ///< t=s: i= must be of d= itself
};

enum class KeyRecordError : std::uint8_t { Syntax, Version, UnknownType, NoKey, BadBase64 };
[[nodiscard]] std::string_view describe(KeyRecordError error);

[[nodiscard]] Outcome<KeyRecord, KeyRecordError> parse_key_record(std::string_view text);

}  // namespace postern::auth::dkim
