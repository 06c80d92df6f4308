/// @file Does the next hop take this recipient? Asked in a transaction of its own that sends
/// nothing; what it said is remembered, so that a list of guessed names does not reach it.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/recipient/memory.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

Opinion unknown_recipient(const mail::Mailbox& mailbox) {
    return refused("RECIPIENT_UNKNOWN", mailbox.text(), {550, "5.1.1", "No such recipient here"});
}

Opinion could_not_tell(const std::string& detail, const Options& options) {
    const smtp::Reply later{450, "4.1.1", "The recipient cannot be verified now"};
    return undecided("recipient_probe", detail,
                     option<bool>(options, "defer") ? std::optional(later) : std::nullopt);
}

Opinions run(const Facts& facts, const Tools& tools, const Options& options) {
    const mail::Mailbox& mailbox = facts.recipient->forward_path;
    const state::RecipientCache cache(tools.state, recipient_memory(options));
    if (const auto known = cache.find(mailbox); known && *known) {
        if ((*known)->exists) return {};
        return {unknown_recipient(mailbox)};
    }
    if (tools.probe == nullptr) return {};
    const smtp::Reply reply = (*tools.probe)(std::nullopt, mailbox);
    const std::string words = std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
    if (reply.code >= 400 && reply.code < 500) return {could_not_tell(words, options)};
    (void)cache.note(mailbox, {reply.positive(), words});
    if (reply.positive()) return {};
    return {unknown_recipient(mailbox)};
}

}  // namespace

state::RecipientCacheSettings recipient_memory(const Options& options) {
    return {duration_cast<seconds>(option<milliseconds>(options, "positive")),
            duration_cast<seconds>(option<milliseconds>(options, "negative"))};
}

const Check& recipient_probe() {
    static const std::vector<OptionKind> kOptions = {
        {"positive", milliseconds(hours(24 * 7)), 1000, 31.0 * 24 * 3600 * 1000,
         "how long a recipient is known to exist"},
        {"negative", milliseconds(hours(2)), 1000, 3.0 * 24 * 3600 * 1000,
         "how long a recipient is known not to exist"},
        {"defer", true, 0, 0, "whether mail is deferred while the next hop cannot say"},
    };
    static const Check kCheck{.name = "recipient_probe",
                              .stage = Stage::Recipient,
                              .mode = Mode::Off,
                              .options = kOptions,
                              .run = run,
                              .meaning = "The next hop does not take the recipient.",
                              .waits = Waits::NextHop,
                              .always = true};
    return kCheck;
}

}  // namespace postern::checks
