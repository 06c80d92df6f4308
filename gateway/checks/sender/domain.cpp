/// @file Can an answer reach the sender? Its domain has an MX record, or an address (RFC 5321 5.1),
/// no null MX (RFC 7505), and what the MX records name is somewhere on the Internet.

#include <algorithm>

#include "gateway/checks/names.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

constexpr std::size_t kMostExchanges = 10;

const mail::Domain* domain_of(const Facts& facts) {
    if (!facts.sender->reverse_path) return nullptr;
    const mail::Domain& domain = facts.sender->reverse_path->domain();
    return domain.is_literal() ? nullptr : &domain;
}

void prepare(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    if (const mail::Domain* domain = domain_of(facts)) {
        (void)tools.dns.ask({domain->text(), dns::RecordType::Mx});
        ask_addresses(tools.dns, domain->text());
    }
}

Opinion could_not_tell(const std::string& detail, const Options& options) {
    const smtp::Reply later{450, "4.1.8", "The sender's domain cannot be looked up now"};
    return undecided("sender_domain", detail,
                     option<bool>(options, "defer") ? std::optional(later) : std::nullopt);
}

smtp::Reply refusal(const Options& options, const char* words) {
    if (option<bool>(options, "permanent")) return {550, "5.1.8", words};
    return {450, "4.1.8", words};
}

/// All of them lead nowhere.
bool all_bogus(const std::vector<mail::IpAddress>& list) {
    return std::all_of(list.begin(), list.end(), is_bogus);
}

Opinions judge_addresses(const std::string& domain, const Tools& tools, const Options& options) {
    const Addresses found = addresses_of(tools.dns, domain);
    if (found.existence == Existence::Unknown) return {could_not_tell(found.detail, options)};
    if (found.existence == Existence::None) {
        return {refused("SENDER_DOMAIN_UNKNOWN", domain,
                        refusal(options, "The sender's domain does not exist"))};
    }
    if (!all_bogus(found.list)) return {};
    return {refused("SENDER_BOGUS_MX", domain + " is at " + found.list.front().text(),
                    refusal(options, "The sender's domain leads nowhere"))};
}

Opinions judge_exchanges(const std::string& domain, const dns::Answer& mx, const Tools& tools,
                         const Options& options) {
    const std::size_t count = std::min(mx.exchanges.size(), kMostExchanges);
    for (std::size_t i = 0; i < count; ++i) ask_addresses(tools.dns, mx.exchanges[i].host);
    std::string evidence;
    std::string doubt;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& host = mx.exchanges[i].host;
        if (mail::IpAddress::parse(host)) {
            evidence = "MX of " + domain + " is an address: " + host;
            continue;
        }
        const Addresses found = addresses_of(tools.dns, host);
        if (found.existence == Existence::Unknown) doubt = found.detail;
        if (found.existence == Existence::None) evidence = host + " has no address";
        if (found.existence != Existence::Found) continue;
        if (!all_bogus(found.list)) return {};
        evidence = host + " is at " + found.list.front().text();
    }
    if (!doubt.empty()) return {could_not_tell(doubt, options)};
    return {refused("SENDER_BOGUS_MX", evidence,
                    refusal(options, "The sender's domain leads nowhere"))};
}

Opinions run(const Facts& facts, const Tools& tools, const Options& options) {
    const mail::Domain* domain = domain_of(facts);
    if (domain == nullptr) return {};
    const dns::Answer mx = tools.dns.lookup({domain->text(), dns::RecordType::Mx});
    if (dns::unknown(mx.status)) {
        return {could_not_tell(domain->text() + ": " + mx.detail, options)};
    }
    if (!mx.found()) return judge_addresses(domain->text(), tools, options);
    const bool null = mx.exchanges.size() == 1 && mx.exchanges.front().host.empty();
    if (null) {
        return {refused("SENDER_NULL_MX", domain->text(),
                        {550, "5.7.27", "The sender's domain takes no mail"})};
    }
    return judge_exchanges(domain->text(), mx, tools, options);
}

}  // namespace

const Check& sender_domain() {
    static const std::vector<OptionKind> kOptions = {
        {"defer", false, 0, 0, "whether mail is deferred when DNS does not answer"},
        {"permanent", true, 0, 0, "whether a refusal is 550, not 450"},
    };
    static const Check kCheck{.name = "sender_domain",
                              .stage = Stage::Sender,
                              .mode = Mode::Score,
                              .options = kOptions,
                              .run = run,
                              .meaning = "No mail can be sent back to the sender's domain.",
                              .waits = Waits::Dns,
                              .prepare = prepare};
    return kCheck;
}

}  // namespace postern::checks
