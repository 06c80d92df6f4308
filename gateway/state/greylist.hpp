#pragma once

/// @file Greylisting (RFC 6647): mail of strangers waits until its sender has tried again. Meant
/// for mail in the grey band of scores only; who else is asked is the caller's business.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/mail/address.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct GreylistSettings {
    std::chrono::seconds delay = std::chrono::minutes(2);     ///< a retry before this is too early
    std::chrono::seconds window = std::chrono::hours(24);     ///< a retry after this is a first try
    std::chrono::seconds life = std::chrono::hours(24 * 40);  ///< of a pass, from its last use
    std::int64_t learn_after = 5;  ///< waits that a host sat out before it waits no more; 0: never
    std::chrono::seconds host_life = std::chrono::hours(24 * 40);  ///< of that, from its last use
    /// Recipients and senders that never wait: "user@a.example", "a.example", ".a.example" (all
    /// below it). Lower case.
    std::vector<std::string> recipients_exempt;
    std::vector<std::string> senders_exempt;
    unsigned v4_bits = 24;  ///< what counts as one host where no domain is authenticated
    unsigned v6_bits = 56;
};

struct GreylistQuestion {
    mail::IpAddress client;
    /// A domain that passed DKIM or SPF; large senders come from many addresses, but from one
    /// domain. nullopt: none did, the client's network is the key.
    std::optional<mail::Domain> authenticated;
    mail::ReversePath sender;
    mail::Mailbox recipient;
};

enum class GreylistReason : std::uint8_t {
    Exempt,      ///< pass: opted out
    KnownHost,   ///< pass: this host has waited often enough
    KnownRoute,  ///< pass: this sender and recipient have waited before
    Waited,      ///< pass: this is the retry
    FirstTry,    ///< wait
    TooEarly,    ///< wait: retried before the delay was over
};
[[nodiscard]] std::string_view name(GreylistReason reason);

struct GreylistAnswer {
    bool pass = false;
    GreylistReason reason = GreylistReason::FirstTry;
    std::chrono::seconds wait{0};  ///< how much longer, when it does not pass
    std::string host;              ///< the key's first part: "domain:a.example", "192.0.2.0/24"
};

class Greylist {
public:
    /// `state` outlives this.
    Greylist(State& state, GreylistSettings settings)
        : state_(state), settings_(std::move(settings)) {}

    /// `now`: seconds since 1970. An error means that it is not known whether the mail has waited.
    /// The caller delivers what is otherwise fit for delivery, with a finding: asking to wait might
    /// repeat for ever, and scanning does not depend on this.
    [[nodiscard]] Outcome<GreylistAnswer, StateError> ask(const GreylistQuestion& question,
                                                          std::int64_t now) const;

private:
    [[nodiscard]] Outcome<bool, StateError> knows_host(const std::string& host,
                                                       std::int64_t now) const;
    [[nodiscard]] Outcome<Done, StateError> learn(const std::string& host, std::int64_t now) const;

    State& state_;
    GreylistSettings settings_;
};

}  // namespace postern::state
