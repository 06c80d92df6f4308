#pragma once

/// @file SHA-256 over OpenSSL, with the digest of what came so far at any time.

#include <memory>
#include <string_view>

#include "gateway/auth/dkim/body_hasher.hpp"

namespace postern::auth::dkim {

class Sha256Context {
public:
    Sha256Context();
    ~Sha256Context();
    Sha256Context(Sha256Context&&) noexcept;
    Sha256Context& operator=(Sha256Context&&) noexcept;
    Sha256Context(const Sha256Context&) = delete;
    Sha256Context& operator=(const Sha256Context&) = delete;

    void update(std::string_view bytes);
    /// Of everything so far; more may follow.
    [[nodiscard]] Sha256Digest digest() const;
    /// Another one that has taken the same bytes.
    [[nodiscard]] Sha256Context copy() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);

}  // namespace postern::auth::dkim
