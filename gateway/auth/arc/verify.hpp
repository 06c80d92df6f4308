#pragma once

/// @file Verification of an Authenticated Received Chain (RFC 8617 5.2).

#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/dkim/verify.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::arc {

/// The chain of one message; used like dkim::Verification.
class Verification {
public:
    /// Reads the ARC fields. `header` must outlive this. `now` is seconds since 1970.
    Verification(const mail::HeaderBlock& header, const dkim::VerifyLimits& limits,
                 std::uint64_t now);
    ~Verification();
    Verification(Verification&&) noexcept;
    Verification& operator=(Verification&&) noexcept;
    Verification(const Verification&) = delete;
    Verification& operator=(const Verification&) = delete;

    [[nodiscard]] const std::vector<dkim::BodyHashKind>& body_hashes() const;
    void prefetch(dns::Inquiry& inquiry) const;
    [[nodiscard]] Arc result(const dkim::BodyHasher& bodies, dns::Inquiry& inquiry) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::auth::arc
