#pragma once

/// @file Verification of DKIM signatures (RFC 6376, 8301, 8463).
///
///     dkim::Verification check(header, {}, epoch_seconds);      // header block known
///     dkim::BodyHasher hasher(check.body_hashes());
///     hasher.update(chunk) ...; hasher.finish();                 // body passes by
///     std::vector<auth::Dkim> results = check.results(hasher, inquiry);

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "gateway/auth/dkim/body_hasher.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::dkim {

struct VerifyLimits {
    std::size_t max_signatures = 10;  ///< whose key is asked for; the rest gets `policy`
    std::size_t max_listed = 50;      ///< results given at all, from the top of the header
    std::size_t max_signature_size = std::size_t{64} << 10U;  ///< bytes of the field
    std::size_t max_key_size = std::size_t{64} << 10U;        ///< bytes of a key record
    std::size_t max_key_records = 5;    ///< tried at one name (RFC 6376 6.1.2 step 4)
    std::uint32_t min_rsa_bits = 1024;  ///< less is a fail (RFC 8301 3.2)
    std::uint32_t max_rsa_bits = 8192;  ///< more is not computed
    std::uint32_t clock_skew = 36'000;  ///< seconds that t= may lie ahead
    /// Whether a pass counts (auth::Dkim::counts) although bytes stand behind its l=.
    bool accept_partial_body = false;
    /// Whether a pass counts although a field that may stand only once (Sender, Reply-To, Subject,
    /// Content-Type, Content-Transfer-Encoding) stands more often than it signs. With more From
    /// fields than are signed there is no pass at all: `policy`.
    bool accept_unsigned_duplicates = false;
};

/// The signatures of one message. Pure but for the look-ups of results(). Not thread-safe.
class Verification {
public:
    /// Reads the DKIM-Signature fields. `header` must outlive this. `now` is seconds since 1970.
    Verification(const mail::HeaderBlock& header, const VerifyLimits& limits, std::uint64_t now);
    ~Verification();
    Verification(Verification&&) noexcept;
    Verification& operator=(Verification&&) noexcept;
    Verification(const Verification&) = delete;
    Verification& operator=(const Verification&) = delete;

    /// What has to be hashed of the body, without repetitions.
    [[nodiscard]] const std::vector<BodyHashKind>& body_hashes() const;
    /// Starts the look-ups of the keys: the earlier, the less results() waits. Optional.
    void prefetch(dns::Inquiry& inquiry) const;
    /// One result for each signature, top to bottom. Blocks on look-ups. `bodies` must have ended
    /// and must have been made for at least body_hashes().
    [[nodiscard]] std::vector<Dkim> results(const BodyHasher& bodies, dns::Inquiry& inquiry) const;
    /// All of them `permerror`, for a message that cannot be verified as a whole.
    [[nodiscard]] std::vector<Dkim> refused(std::string_view why) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::auth::dkim
