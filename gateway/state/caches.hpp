#pragma once

/// @file Small typed caches over State. An error is never "no": the caller does the work anew, as
/// if nothing were cached.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mail/address.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

/// Who was seen lately, such as clients that sat out the banner wait.
class SeenLately {
public:
    /// `what` tells one use from another: "banner". `state` outlives this.
    SeenLately(State& state, std::string what, std::chrono::seconds life)
        : state_(state), what_(std::move(what)), life_(life) {}

    [[nodiscard]] Outcome<bool, StateError> seen(std::string_view who) const;
    [[nodiscard]] Outcome<Done, StateError> note(std::string_view who) const;
    [[nodiscard]] Outcome<Done, StateError> forget(std::string_view who) const;

private:
    State& state_;
    std::string what_;
    std::chrono::seconds life_;
};

/// What the next hop said of a recipient.
struct RecipientAnswer {
    bool exists = false;
    std::string reply;  ///< its reply when it does not: one line, at most kMaxReply bytes
};

struct RecipientCacheSettings {
    std::chrono::seconds positive = std::chrono::hours(24 * 7);
    std::chrono::seconds negative = std::chrono::hours(2);
};

/// Answers to recipient verification. Only final answers belong here: "could not tell" is not kept.
class RecipientCache {
public:
    static constexpr std::size_t kMaxReply = 512;

    /// `state` outlives this.
    RecipientCache(State& state, const RecipientCacheSettings& settings)
        : state_(state), settings_(settings) {}

    /// nullopt: not known.
    [[nodiscard]] Outcome<std::optional<RecipientAnswer>, StateError> find(
        const mail::Mailbox& recipient) const;
    [[nodiscard]] Outcome<Done, StateError> note(const mail::Mailbox& recipient,
                                                 const RecipientAnswer& answer) const;
    [[nodiscard]] Outcome<Done, StateError> forget(const mail::Mailbox& recipient) const;

private:
    State& state_;
    RecipientCacheSettings settings_;
};

}  // namespace postern::state
