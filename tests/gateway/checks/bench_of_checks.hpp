#pragma once

/// @file One check, or a stage of them, over facts that a test makes up.

#include <string>
#include <vector>

#include "gateway/checks/plan.hpp"
#include "gateway/checks/registry.hpp"
#include "gateway/checks/run.hpp"
#include "gateway/state/memory_store.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::checks::tests {

inline mail::IpAddress address(const std::string& text) {
    return mail::IpAddress::parse(text).value();
}
inline mail::Mailbox mailbox(const std::string& text) {
    return mail::Mailbox::parse(text).value();
}

/// Facts of an ordinary client; each test changes what it is about.
inline Facts ordinary() {
    Facts facts{{.client = address("198.51.100.7"), .hostname = "mx.dest.example"},
                HeloFacts{"out.sender.example", true, ""},
                SenderFacts{mailbox("a@sender.example"), 0, false},
                RecipientFacts{mailbox("b@dest.example"), 0},
                {}};
    facts.connection.local = address("198.51.100.200");
    return facts;
}

/// Where checks are tried.
struct Bench {
    postern::tests::FakeResolver dns;
    settings::Settings settings;
    std::int64_t now = 1'790'000'000;
    state::MemoryStore state{1U << 20U, [this] { return now * 1000; }, {}};
    Probe probe;
    bool has_probe = false;
    RecipientList* recipients = nullptr;
    std::size_t lookups = 100;

    Bench() { settings.accept_domains = {"dest.example"}; }

    /// What the check says with `options` over its defaults, in the mode it would have.
    Opinions say(const Check& check, const Facts& facts, const Options& options = {}) {
        Options all;
        for (const OptionKind& each : check.options) {
            all.emplace(std::string(each.key), each.standard);
        }
        for (const auto& [key, value] : options) all.insert_or_assign(key, value);
        dns::Inquiry inquiry(dns, {.lookups = lookups});
        return check.run(facts, tools(inquiry), all);
    }
    Tools tools(dns::Inquiry& inquiry) {
        return {.dns = inquiry,
                .state = state,
                .settings = settings,
                .now = now,
                .probe = has_probe ? &probe : nullptr,
                .recipients = recipients};
    }
};

inline const Check& check(std::string_view name) {
    for (const Check* each : registry()) {
        if (each->name == name) return *each;
    }
    std::abort();
}

/// "CODE", with the reply behind it where there is one: "HELO_SYNTAX 501 5.5.2".
inline std::vector<std::string> words(const Opinions& opinions) {
    std::vector<std::string> said;
    for (const Opinion& each : opinions) {
        said.push_back(each.finding.code);
        if (each.refusal) {
            said.back() += " " + std::to_string(each.refusal->code) + " " + each.refusal->enhanced;
        }
    }
    return said;
}

}  // namespace postern::checks::tests
