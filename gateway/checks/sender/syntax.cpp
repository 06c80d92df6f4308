/// @file A sender nobody can answer: its domain is an address, or has no dot (RFC 5321 2.3.5 wants
/// a name that resolves). What is no mailbox at all is refused by the SMTP session.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

const Check& sender_syntax() {
    static const Check kCheck{
        .name = "sender_syntax",
        .stage = Stage::Sender,
        .mode = Mode::Enforce,
        .run = [](const Facts& facts, const Tools& /*tools*/,
                  const Options& /*options*/) -> Opinions {
            if (!facts.sender->reverse_path) return {};
            const mail::Domain& domain = facts.sender->reverse_path->domain();
            const bool dotted = domain.text().find('.') != std::string::npos;
            if (dotted && !domain.is_literal()) return {};
            return {refused("SENDER_SYNTAX", domain.text(),
                            {553, "5.1.7", "The sender's domain is no full domain name"})};
        },
        .meaning = "The sender's domain is an address literal or has no dot."};
    return kCheck;
}

}  // namespace postern::checks
