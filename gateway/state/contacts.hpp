#pragma once

/// @file Who writes to whom: whether a recipient hears from a sender for the first time, and how
/// many recipients here a sender has. For impersonation checks.

#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/mail/address.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct ContactSettings {
    std::chrono::seconds memory = std::chrono::hours(24 * 180);  ///< from the last mail on
};

struct Contact {
    std::optional<std::int64_t> since;  ///< first mail, seconds since 1970; nullopt: never before
    std::int64_t messages = 0;          ///< from this sender to this recipient, in about `memory`
    std::int64_t recipients = 0;  ///< of ours that this sender has written to, in about `memory`
    [[nodiscard]] bool first() const { return !since.has_value(); }
};

/// `sender` is whatever the caller compares by: an address, or a domain; any case.
class Contacts {
public:
    /// `state` outlives this.
    Contacts(State& state, const ContactSettings& settings) : state_(state), settings_(settings) {}

    /// What was known before this mail. Changes nothing: a mail that is refused makes no contact.
    [[nodiscard]] Outcome<Contact, StateError> find(std::string_view sender,
                                                    const mail::Mailbox& recipient,
                                                    std::int64_t now) const;
    /// A mail was accepted at `now` (seconds since 1970).
    [[nodiscard]] Outcome<Done, StateError> note(std::string_view sender,
                                                 const mail::Mailbox& recipient,
                                                 std::int64_t now) const;

private:
    State& state_;
    ContactSettings settings_;
};

}  // namespace postern::state
