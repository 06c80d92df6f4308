/// @file What others, and the operator himself, say of the names in HELO and MAIL FROM.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"
#include "gateway/reputation/findings.hpp"

namespace postern::checks {
namespace {

using reputation::ListSubject;

std::string sender_domain_of(const Facts& facts) {
    return facts.sender->reverse_path ? facts.sender->reverse_path->domain().text() : std::string();
}

Opinions listed(ListSubject use, const std::string& domain, const Tools& tools) {
    if (tools.lists == nullptr || domain.empty()) return {};
    Opinions said;
    const auto answer = tools.lists->domain(use, domain, tools.dns);
    for (analyzers::Finding& each : reputation::domain_findings(answer)) {
        const bool bad = each.score > 0;
        said.push_back({std::move(each)});
        if (bad) said.back().refusal = {550, "5.7.1", "Your domain is on lists of senders of spam"};
    }
    return said;
}

}  // namespace

const Check& helo_lists() {
    static const Check kCheck{
        .name = "helo_lists",
        .stage = Stage::Helo,
        .mode = Mode::Score,
        .run =
            [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
                return listed(ListSubject::Helo, facts.helo->argument, tools);
            },
        .meaning = "The name in HELO is on DNS lists or list files.",
        .waits = Waits::Dns,
        .prepare =
            [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
                if (!tools.lists) return;
                tools.lists->prefetch_domain(ListSubject::Helo, facts.helo->argument, tools.dns);
            }};
    return kCheck;
}

const Check& sender_lists() {
    static const Check kCheck{
        .name = "sender_lists",
        .stage = Stage::Sender,
        .mode = Mode::Score,
        .run =
            [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
                return listed(ListSubject::Sender, sender_domain_of(facts), tools);
            },
        .meaning = "The sender's domain is on DNS lists or list files.",
        .waits = Waits::Dns,
        .prepare =
            [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
                const std::string domain = sender_domain_of(facts);
                if (!tools.lists || domain.empty()) return;
                tools.lists->prefetch_domain(ListSubject::Sender, domain, tools.dns);
            }};
    return kCheck;
}

const Check& sender_denied() {
    static const Check kCheck{
        .name = "sender_denied",
        .stage = Stage::Sender,
        .mode = Mode::Enforce,
        .run = [](const Facts& facts, const Tools& tools, const Options& /*options*/) -> Opinions {
            if (tools.lists == nullptr || !facts.sender->reverse_path) return {};
            const auto word = tools.lists->sender_standing(*facts.sender->reverse_path);
            if (word.standing != reputation::Standing::Denied) return {};
            return {refused("SENDER_DENIED", word.entry,
                            {550, "5.7.1", "Mail from this sender is not taken here"})};
        },
        .meaning = "The sender is on the operator's own list.",
        .always = true};
    return kCheck;
}

}  // namespace postern::checks
