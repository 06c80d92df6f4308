/// @file Providers give the lines of their customers names by the thousand, with the address or a
/// word like "dynamic" in them. Mail servers rarely have such names; machines taken over often do.

#include "gateway/checks/names.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

Opinions run(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    Opinions said;
    const mail::IpAddress& client = facts.connection.client;
    const smtp::Reply reply{550, "5.7.1", "Mail from dynamic addresses is not taken here"};
    if (const auto trait = generic_trait(facts.helo->argument, client)) {
        said.push_back(refused("HELO_GENERIC_NAME", facts.helo->argument + " " + *trait, reply));
    }
    const ClientName own = client_name(tools.dns, facts.connection);
    for (const std::string& each : own.reverse_names) {
        if (const auto trait = generic_trait(each, client)) {
            said.push_back(refused("CLIENT_GENERIC_NAME", each + " " + *trait, reply));
            break;
        }
    }
    if (own.iprev.result == auth::IprevResult::TempError) {
        said.push_back(undecided("generic_name", own.iprev.detail));
    }
    return said;
}

}  // namespace

const Check& generic_name() {
    static const Check kCheck{
        .name = "generic_name",
        .stage = Stage::Helo,
        .mode = Mode::Score,
        .run = run,
        .meaning = "A name of the client looks like that of a dynamic line.",
        .waits = Waits::Dns,
        .prepare = [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
            ask_client_name(tools.dns, facts.connection.client);
        }};
    return kCheck;
}

}  // namespace postern::checks
