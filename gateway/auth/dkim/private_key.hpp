#pragma once

/// @file Keys that sign. The private half never leaves this class but as PEM, for its file.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/dkim/key_record.hpp"

namespace postern::auth::dkim {

class PrivateKey {
public:
    /// Errors of all three are sentences for the operator, without any key material.
    using Result = Outcome<PrivateKey, std::string>;

    /// RSA (PKCS#1 or PKCS#8) of 1024 to 8192 bits, or Ed25519 (PKCS#8); not encrypted. Signs and
    /// verifies once before it is given out.
    [[nodiscard]] static Result parse(std::string_view pem);
    /// Reads a regular file that others can neither read nor write and the group cannot write.
    [[nodiscard]] static Result read(const std::string& path);
    /// `bits` is for RSA: 2048 to 8192.
    [[nodiscard]] static Result generate(KeyType type, std::uint32_t bits);

    ~PrivateKey();
    PrivateKey(PrivateKey&&) noexcept;
    PrivateKey& operator=(PrivateKey&&) noexcept;
    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;

    [[nodiscard]] KeyType type() const;
    [[nodiscard]] std::uint32_t bits() const;
    /// Thread-safe. nullopt: OpenSSL refused.
    [[nodiscard]] std::optional<std::string> sign(const Sha256Digest& digest) const;
    /// PKCS#8.
    [[nodiscard]] std::string pem() const;
    /// What the key record's p= encodes.
    [[nodiscard]] std::string public_bytes() const;
    /// The whole key record: "v=DKIM1; k=rsa; p=...".
    [[nodiscard]] std::string record() const;

private:
    struct State;
    explicit PrivateKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace postern::auth::dkim
