/// @file Senders and clients that the operator wants let in ([lists].allow). Anybody can write a
/// sender: an entry counts only where its own domain has authenticated the message. It takes points
/// away, so that what malware and policy say stands.

#include "gateway/checks/message/allowed.hpp"

#include "gateway/auth/dmarc/author.hpp"
#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/options.hpp"
#include "gateway/checks/registry_entries.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/mail/header_block.hpp"
#include "gateway/reputation/lists.hpp"

namespace postern::checks {
namespace {

using reputation::LocalWord;
using reputation::Standing;

const std::vector<OptionKind>& kinds() {
    static const std::vector<OptionKind> options = {
        {"points", 10.0, 0, 100, "what an allowed, authenticated sender takes away"},
    };
    return options;
}

/// Whether From's domain stands behind the message: DMARC passes or, where the domain has no
/// record, the same organization's SPF or DKIM does. A chain of trusted sealers is no such proof.
bool proven(const MessageFacts& message, const Author& author) {
    const auto& dmarc = message.auth.dmarc;
    if (!dmarc) return false;
    if (dmarc->result == auth::DmarcResult::Pass) return true;
    return dmarc->result == auth::DmarcResult::None && is_authenticated(message, author);
}

/// The one author as authentication reads From; none where it can be read in two ways.
std::optional<Author> sole_author(const MessageFacts& message) {
    const mail::HeaderBlock header(message.header);
    const auto domain = auth::dmarc::author_domain(header);
    const auto all = authors(message);
    if (!domain || all.size() != 1 || all.front().domain != *domain) return std::nullopt;
    return all.front();
}

LocalWord word_about(const Author& author, const reputation::Lists& lists) {
    if (const auto mailbox = mail::Mailbox::parse(author.address)) {
        return lists.sender_standing(*mailbox);
    }
    return lists.domain_standing(author.domain);
}

void note_use(const Tools& tools, const std::string& entry) {
    // That the store is away costs the time of the last use, not the entry.
    (void)tools.state.put(allow_use_key(entry), std::to_string(tools.now), kAllowUseLife);
}

void judge_sender(const MessageFacts& message, const Author& author, const Tools& tools,
                  const Options& options, Opinions& said) {
    const LocalWord word = word_about(author, *tools.lists);
    if (word.standing != Standing::Allowed) {
        if (word.expired.empty()) return;
        return said.push_back(noted("ALLOW_IGNORED", word.expired + ": its time is over"));
    }
    if (!proven(message, author)) {
        said.push_back(noted("ALLOW_IGNORED", word.entry + ": the sender is not authenticated"));
        return;
    }
    note_use(tools, word.entry);
    said.push_back(noted("SENDER_ALLOWED", word.entry));
    said.back().finding.score = -option<double>(options, "points");
}

Opinions run(const Facts& facts, const Tools& tools, const Options& options) {
    Opinions said;
    if (tools.lists == nullptr) return said;
    const LocalWord client = tools.lists->client_standing(facts.connection.client);
    if (client.standing == Standing::Allowed) note_use(tools, client.entry);
    if (facts.connection.trusted) return said;  // it meets no check that points could be from
    if (const auto author = sole_author(*facts.message)) {
        judge_sender(*facts.message, *author, tools, options, said);
    }
    return said;
}

}  // namespace

const Check& allowed() {
    static const Check kCheck{.name = "allowed",
                              .stage = Stage::Message,
                              .options = kinds(),
                              .run = run,
                              .meaning = "The sender is on the operator's list of wanted ones.",
                              .waits = Waits::Store,
                              .always = true};
    return kCheck;
}

}  // namespace postern::checks
