/// @file RFC 5321 2.3.5: the name in HELO has to resolve. RFC 5321 4.1.4 lets nobody refuse mail
/// only because it is not the client's own, so a name that does resolve is enough here.

#include "gateway/checks/names.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

/// Empty when HELO holds no name to look up.
std::string name_of(const Facts& facts) {
    std::string_view said = facts.helo->argument;
    if (said.ends_with('.')) said.remove_suffix(1);
    if (mail::IpAddress::parse(said)) return {};
    const auto domain = mail::Domain::parse(said);
    if (!domain || said.find('.') == std::string_view::npos) return {};
    return domain->text();
}

void prepare(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    const std::string name = name_of(facts);
    if (!name.empty()) ask_addresses(tools.dns, name);
}

Opinions resolves(const Facts& facts, const Tools& tools, const Options& options) {
    const std::string name = name_of(facts);
    if (name.empty()) return {};
    const Addresses found = addresses_of(tools.dns, name);
    const smtp::Reply later{450, "4.7.1", "Your HELO name cannot be found"};
    if (found.existence == Existence::None) return {refused("HELO_UNRESOLVABLE", name, later)};
    if (found.existence == Existence::Found) return {};
    return {undecided("helo_resolves", found.detail,
                      option<bool>(options, "defer") ? std::optional(later) : std::nullopt)};
}

/// The name leads to the client, or the client's verified name is the same or near it.
Opinions matches(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    const std::string name = name_of(facts);
    if (name.empty()) return {};
    const mail::IpAddress& client = facts.connection.client;
    const dns::RecordType type = client.is_v4() ? dns::RecordType::A : dns::RecordType::Aaaa;
    const dns::Answer forward = tools.dns.lookup({name, type});
    for (const mail::IpAddress& each : forward.addresses) {
        if (each == client) return {};
    }
    const ClientName own = client_name(tools.dns, facts.connection);
    for (const std::string& each : own.reverse_names) {
        if (each == name) return {};
    }
    if (dns::unknown(forward.status)) {
        return {undecided("helo_ptr_match", name + ": " + forward.detail)};
    }
    if (own.iprev.result == auth::IprevResult::TempError) {
        return {undecided("helo_ptr_match", own.iprev.detail)};
    }
    const std::string known = own.reverse_names.empty() ? "nothing" : own.reverse_names.front();
    return {refused("HELO_MISMATCH", name + ", but the address is called " + known,
                    {550, "5.7.1", "HELO is not the name of your address"})};
}

}  // namespace

const Check& helo_resolves() {
    static const std::vector<OptionKind> kOptions = {
        {"defer", false, 0, 0, "whether a client is told to come again when DNS does not answer"}};
    static const Check kCheck{.name = "helo_resolves",
                              .stage = Stage::Helo,
                              .mode = Mode::Score,
                              .options = kOptions,
                              .run = resolves,
                              .meaning = "The name in HELO has no address.",
                              .waits = Waits::Dns,
                              .prepare = prepare};
    return kCheck;
}

const Check& helo_ptr_match() {
    static const Check kCheck{
        .name = "helo_ptr_match",
        .stage = Stage::Helo,
        .mode = Mode::Score,
        .run = matches,
        .meaning = "The name in HELO neither leads to the client nor is its reverse name.",
        .waits = Waits::Dns,
        .prepare = prepare};
    return kCheck;
}

}  // namespace postern::checks
