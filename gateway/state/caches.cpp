#include "gateway/state/caches.hpp"

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::state {
namespace {

std::string seen_key(const std::string& what, std::string_view who) {
    std::string key = "seen:" + what + ':';
    // What peers choose may be longer than a key.
    if (key.size() + who.size() > kMaxKey) return key + sha256_hex(as_bytes(who));
    return key.append(who);
}

/// Local parts are compared without regard to case: the next hop knows better, but no server in use
/// has two mailboxes that differ in case alone.
std::string recipient_key(const mail::Mailbox& recipient) {
    return "rcpt:" + ascii_lower(recipient.text());
}

constexpr std::string_view kExists = "+";
constexpr char kUnknown = '-';

}  // namespace

Outcome<bool, StateError> SeenLately::seen(std::string_view who) const {
    const auto value = state_.get(seen_key(what_, who));
    if (!value) return Failure{value.error()};
    return value->has_value();
}

Outcome<Done, StateError> SeenLately::note(std::string_view who) const {
    return state_.put(seen_key(what_, who), "1", life_);
}

Outcome<Done, StateError> SeenLately::forget(std::string_view who) const {
    const auto removed = state_.remove(seen_key(what_, who));
    if (!removed) return Failure{removed.error()};
    return Done{};
}

Outcome<std::optional<RecipientAnswer>, StateError> RecipientCache::find(
    const mail::Mailbox& recipient) const {
    const auto value = state_.get(recipient_key(recipient));
    if (!value) return Failure{value.error()};
    if (!*value) return std::optional<RecipientAnswer>();
    const std::string& text = **value;
    if (text == kExists) return std::optional(RecipientAnswer{true, {}});
    if (text.empty() || text.front() != kUnknown) return std::optional<RecipientAnswer>();
    return std::optional(RecipientAnswer{false, text.substr(1)});
}

Outcome<Done, StateError> RecipientCache::note(const mail::Mailbox& recipient,
                                               const RecipientAnswer& answer) const {
    const std::string key = recipient_key(recipient);
    if (answer.exists) return state_.put(key, kExists, settings_.positive);
    return state_.put(key, kUnknown + answer.reply.substr(0, kMaxReply), settings_.negative);
}

Outcome<Done, StateError> RecipientCache::forget(const mail::Mailbox& recipient) const {
    const auto removed = state_.remove(recipient_key(recipient));
    if (!removed) return Failure{removed.error()};
    return Done{};
}

}  // namespace postern::state
