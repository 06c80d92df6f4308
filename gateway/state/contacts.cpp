#include "gateway/state/contacts.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::state {
namespace {

/// Hashed: senders may be longer than a key, and who writes to whom is nobody's business in a
/// shared store.
std::string hashed(std::string_view sender, std::string_view recipient) {
    const std::string both = ascii_lower(sender) + '\n' + ascii_lower(recipient);
    return sha256_hex(as_bytes(both));
}

/// Counters end a fixed time after their beginning; two of them, this period's and the last one's,
/// remember at least one whole `memory` and never lose all at once.
struct Period {
    Period(std::chrono::seconds memory, std::int64_t now)
        : life(std::min(memory * 2, kMaxLife)),
          index(std::max<std::int64_t>(now, 0) / std::max<std::int64_t>(memory.count(), 1)) {}

    [[nodiscard]] std::array<Addition, 2> add(const std::string& key, std::int64_t amount) const {
        return {{{key + ':' + std::to_string(index), amount, life},
                 {key + ':' + std::to_string(index - 1), 0, life}}};
    }

    std::chrono::seconds life;
    std::int64_t index;
};

std::optional<std::int64_t> number(const std::string& text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

}  // namespace

Outcome<Contact, StateError> Contacts::find(std::string_view sender, const mail::Mailbox& recipient,
                                            std::int64_t now) const {
    const std::string pair = hashed(sender, recipient.text());
    const auto since = state_.get("contact:" + pair);
    if (!since) return Failure{since.error()};
    const Period period(settings_.memory, now);
    const auto messages = period.add("mails:" + pair, 0);
    const auto recipients = period.add("reach:" + hashed(sender, ""), 0);
    const std::array<Addition, 4> reads{messages[0], messages[1], recipients[0], recipients[1]};
    const auto sums = state_.add_all(reads);
    if (!sums) return Failure{sums.error()};
    Contact contact;
    if (*since) contact.since = number(**since);
    contact.messages = (*sums)[0] + (*sums)[1];
    contact.recipients = std::max((*sums)[2], (*sums)[3]);
    return contact;
}

Outcome<Done, StateError> Contacts::note(std::string_view sender, const mail::Mailbox& recipient,
                                         std::int64_t now) const {
    const std::string pair = hashed(sender, recipient.text());
    const std::string key = "contact:" + pair;
    const auto older = state_.get(key);
    if (!older) return Failure{older.error()};
    const std::string since = *older && number(**older) ? **older : std::to_string(now);
    const auto put = state_.put(key, since, settings_.memory);  // the end moves on with each mail
    if (!put) return Failure{put.error()};

    const Period period(settings_.memory, now);
    const auto messages = period.add("mails:" + pair, 1);
    // A recipient counts once in each period; find() takes the larger of two periods.
    const auto before = state_.add_all(messages);
    if (!before) return Failure{before.error()};
    if ((*before)[0] != 1) return Done{};
    const auto reach = state_.add_all(period.add("reach:" + hashed(sender, ""), 1));
    if (!reach) return Failure{reach.error()};
    return Done{};
}

}  // namespace postern::state
