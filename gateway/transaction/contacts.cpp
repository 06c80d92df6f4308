#include "gateway/transaction/contacts.hpp"

#include <ctime>

#include "gateway/checks/message/author.hpp"
#include "gateway/state/contacts.hpp"

namespace postern::transaction {
namespace {

using verdict::Action;

std::vector<mail::Mailbox> delivered_to(const Mail& mail, const Course& course,
                                        const smtp::Reply& reply) {
    std::vector<mail::Mailbox> found;
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
        const Action action = course.verdict->recipients[i].action;
        const smtp::Reply& own = reply.recipients.empty() ? reply : reply.recipients[i];
        if (!own.positive() || (action != Action::Deliver && action != Action::Tag)) continue;
        found.push_back(mail.recipients[i].forward_path);
    }
    return found;
}

}  // namespace

void note_contacts(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    const Services& services = mail.visit->services;
    if (!course.verdict || !services.checks.on("first_contact")) return;
    const auto from = checks::authors(*mail.facts.message);
    if (from.empty() || from.front().domain.empty()) return;
    auto recipients = delivered_to(mail, course, reply);
    if (recipients.empty()) return;
    (void)services.pool.submit([&state = services.state, author = from.front().address,
                                recipients = std::move(recipients)] {
        const state::Contacts contacts(state, {});
        for (const mail::Mailbox& recipient : recipients) {
            if (!contacts.note(author, recipient, std::time(nullptr))) return;
        }
    });
}

}  // namespace postern::transaction
