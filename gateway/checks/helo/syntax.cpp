/// @file RFC 5321 4.1.1.1: HELO takes a domain name, or an address in brackets where there is none.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& options) {
    const std::string& said = facts.helo->argument;
    if (mail::IpAddress::parse_literal(said)) return {};
    std::string_view name = said;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!mail::Domain::parse(name)) {
        return {refused("HELO_SYNTAX", said, {501, "5.5.2", "HELO takes your host name"})};
    }
    if (mail::IpAddress::parse(name)) {
        return {noted("HELO_SYNTAX", said + " is an address without brackets")};
    }
    if (name.find('.') == std::string_view::npos) {
        Opinion opinion = noted("HELO_NOT_QUALIFIED", said);
        if (option<bool>(options, "qualified")) {
            opinion.refusal = {504, "5.5.2", "HELO takes your full host name"};
        }
        return {std::move(opinion)};
    }
    return {};
}

}  // namespace

const Check& helo_syntax() {
    static const std::vector<OptionKind> kOptions = {
        {"qualified", false, 0, 0, "whether a name without a dot is refused as well"}};
    static const Check kCheck{.name = "helo_syntax",
                              .stage = Stage::Helo,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .run = run,
                              .meaning = "HELO is neither a host name nor an address literal."};
    return kCheck;
}

}  // namespace postern::checks
