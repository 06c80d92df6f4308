/// @file Partners with whom mail is only exchanged in TLS, by the sender's domain and by the
/// recipient's. RFC 3207 4: 530 5.7.0.

#include <algorithm>

#include "gateway/checks/names.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

const std::vector<OptionKind>& domains_option() {
    static const std::vector<OptionKind> kOptions = {
        {"domains", std::vector<std::string>{}, 0, 0,
         "\"example.org\", or \".example.org\" for all below it"}};
    return kOptions;
}

Opinions judge(const Facts& facts, const Options& options, const std::string& domain) {
    if (!facts.helo->tls.empty()) return {};
    const auto& listed = option<std::vector<std::string>>(options, "domains");
    if (std::none_of(listed.begin(), listed.end(),
                     [&](const std::string& each) { return domain_matches(each, domain); })) {
        return {};
    }
    return {refused("TLS_MISSING", domain, {530, "5.7.0", "Must issue a STARTTLS command first"})};
}

}  // namespace

const Check& sender_tls() {
    static const Check kCheck{
        .name = "sender_tls",
        .stage = Stage::Sender,
        .mode = Mode::Enforce,
        .options = domains_option(),
        .run = [](const Facts& facts, const Tools& /*tools*/, const Options& options) -> Opinions {
            if (!facts.sender->reverse_path) return {};
            return judge(facts, options, facts.sender->reverse_path->domain().text());
        },
        .meaning = "Mail from this sender's domain has to come in TLS.",
        .always = true};
    return kCheck;
}

const Check& recipient_tls() {
    static const Check kCheck{
        .name = "recipient_tls",
        .stage = Stage::Recipient,
        .mode = Mode::Enforce,
        .options = domains_option(),
        .run =
            [](const Facts& facts, const Tools& /*tools*/, const Options& options) {
                return judge(facts, options, facts.recipient->forward_path.domain().text());
            },
        .meaning = "Mail for this recipient's domain has to come in TLS.",
        .always = true};
    return kCheck;
}

}  // namespace postern::checks
