/// @file Who calls himself by our name lies: it is a trick to pass for a local machine.

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

bool is_ours(const Facts& facts, const Tools& tools, bool domains) {
    std::string_view said = facts.helo->argument;
    if (said.ends_with('.')) said.remove_suffix(1);
    if (ascii_iequal(said, facts.connection.hostname)) return true;
    auto address = mail::IpAddress::parse_literal(said);
    if (!address) address = mail::IpAddress::parse(said);
    if (address) return facts.connection.local && *address == *facts.connection.local;
    const auto& accept = tools.settings.accept_domains;
    return domains && std::any_of(accept.begin(), accept.end(), [&](const std::string& each) {
               return ascii_iequal(each, said);
           });
}

}  // namespace

const Check& helo_self() {
    static const std::vector<OptionKind> kOptions = {
        {"domains", true, 0, 0, "whether the names of [domains].accept are ours in this sense"}};
    static const Check kCheck{
        .name = "helo_self",
        .stage = Stage::Helo,
        .mode = Mode::Enforce,
        .options = kOptions,
        .run = [](const Facts& facts, const Tools& tools, const Options& options) -> Opinions {
            if (facts.connection.local == facts.connection.client) return {};
            if (!is_ours(facts, tools, option<bool>(options, "domains"))) return {};
            return {refused("HELO_FORGED", facts.helo->argument,
                            {550, "5.7.1", "HELO takes your name, not ours"})};
        },
        .meaning = "The client calls itself by our name, our address or a domain of ours."};
    return kCheck;
}

}  // namespace postern::checks
