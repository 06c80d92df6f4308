/// @file We take mail for our own domains, and are no open relay.

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

const Check& relay() {
    static const Check kCheck{
        .name = "relay",
        .stage = Stage::Recipient,
        .mode = Mode::Enforce,
        .run = [](const Facts& facts, const Tools& tools, const Options& /*options*/) -> Opinions {
            const std::string& domain = facts.recipient->forward_path.domain().text();
            const auto& accept = tools.settings.accept_domains;
            if (std::any_of(accept.begin(), accept.end(),
                            [&](const std::string& each) { return ascii_iequal(each, domain); })) {
                return {};
            }
            return {refused("RELAY_DENIED", domain,
                            {550, "5.7.1", "Mail for this domain is not taken here"})};
        },
        .meaning = "The recipient's domain is none of ours.",
        .always = true,
        .fixed = true};
    return kCheck;
}

}  // namespace postern::checks
