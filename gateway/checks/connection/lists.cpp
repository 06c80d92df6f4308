/// @file What others, and the operator himself, say of the client's address.

#include <algorithm>
#include <set>

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"
#include "gateway/reputation/findings.hpp"

namespace postern::checks {
namespace {

/// One list alone may be wrong or dead (lists that list everything have happened): without the
/// operator's word for it, two have to agree.
bool enough(const reputation::ListAnswer& answer, double refuse_at) {
    double weight = 0;
    std::set<std::string> lists;
    bool authoritative = false;
    for (const reputation::Listing& each : answer.listings) {
        weight += each.weight;
        if (each.weight <= 0) continue;
        lists.insert(each.list);
        authoritative = authoritative || each.authoritative;
    }
    return weight >= refuse_at && (authoritative || lists.size() >= 2);
}

void prepare(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    if (tools.lists) tools.lists->prefetch_client(facts.connection.client, tools.dns);
}

Opinions listed(const Facts& facts, const Tools& tools, const Options& options) {
    if (tools.lists == nullptr) return {};
    const reputation::ListAnswer answer = tools.lists->client(facts.connection.client, tools.dns);
    Opinions said;
    for (analyzers::Finding& each : reputation::client_findings(answer)) {
        said.push_back({std::move(each)});
    }
    if (!said.empty() && enough(answer, option<double>(options, "refuse_at"))) {
        said.front().refusal = {554, "5.7.1", "Your address is on lists of senders of spam"};
    }
    return said;
}

}  // namespace

const Check& client_denied() {
    static const Check kCheck{
        .name = "client_denied",
        .stage = Stage::Connection,
        .mode = Mode::Enforce,
        .run = [](const Facts& facts, const Tools& tools, const Options& /*options*/) -> Opinions {
            if (tools.lists == nullptr) return {};
            const auto word = tools.lists->client_standing(facts.connection.client);
            if (word.standing != reputation::Standing::Denied) return {};
            return {refused("CLIENT_DENIED", word.entry,
                            {554, "5.7.1", "Mail from your address is not taken here"})};
        },
        .meaning = "The client's address is on the operator's own list."};
    return kCheck;
}

const Check& client_lists() {
    static const std::vector<OptionKind> kOptions = {
        {"refuse_at", 6.0, 0, 1000, "weight from which a check that is to enforce refuses"}};
    static const Check kCheck{.name = "client_lists",
                              .stage = Stage::Connection,
                              .mode = Mode::Score,
                              .options = kOptions,
                              .run = listed,
                              .meaning = "The client's address is on DNS lists or list files.",
                              .waits = Waits::Dns,
                              .prepare = prepare};
    return kCheck;
}

}  // namespace postern::checks
