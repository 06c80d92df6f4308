/// @file Whether a recipient hears from this author for the first time: no points by itself, a
/// sentence that a reviewer wants beside the rest. The transaction notes accepted mail.

#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"
#include "gateway/state/contacts.hpp"

namespace postern::checks {
namespace {

Opinions run(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    Opinions said;
    const auto from = authors(*facts.message);
    if (from.empty() || from.front().domain.empty()) return said;
    const state::Contacts contacts(tools.state, {});
    for (const mail::Mailbox& recipient : facts.message->recipients) {
        const auto known = contacts.find(from.front().address, recipient, tools.now);
        if (!known) {
            said.push_back(undecided("first_contact", known.error().detail));
            break;
        }
        if (!known->first()) continue;
        said.push_back(noted("FIRST_CONTACT",
                             from.front().address + " to " + recipient.text() + "; known to " +
                                 std::to_string(known->recipients) + " others here"));
        break;
    }
    return said;
}

}  // namespace

const Check& first_contact() {
    static const Check kCheck{.name = "first_contact",
                              .stage = Stage::Message,
                              .run = run,
                              .meaning = "A recipient has had no mail from this author before.",
                              .waits = Waits::Store};
    return kCheck;
}

}  // namespace postern::checks
