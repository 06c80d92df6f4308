/// @file Is there such a mailbox? By the operator's own file: nothing is cheaper to ask before the
/// message is taken, and nobody gets a bounce for what was never accepted.

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/recipient/recipient_list.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

const Check& recipient_known() {
    static const std::vector<OptionKind> kOptions = {
        {"delimiter", std::string("+"), 0, 0, "what begins an addition to a name; empty: nothing"},
        {"defer", true, 0, 0, "whether mail is deferred while the file cannot be read"},
    };
    static const Check kCheck{
        .name = "recipient_known",
        .stage = Stage::Recipient,
        .mode = Mode::Enforce,
        .options = kOptions,
        .run = [](const Facts& facts, const Tools& tools, const Options& options) -> Opinions {
            if (tools.recipients == nullptr) return {};
            const auto set = tools.recipients->current();
            const mail::Mailbox& mailbox = facts.recipient->forward_path;
            if (!set) {
                const smtp::Reply later{450, "4.1.1", "The recipient cannot be verified now"};
                return {undecided(
                    "recipient_known", tools.recipients->problem(),
                    option<bool>(options, "defer") ? std::optional(later) : std::nullopt)};
            }
            if (ascii_iequal(mailbox.local_part(), "postmaster") ||
                holds(*set, mailbox, option<std::string>(options, "delimiter"))) {
                return {};
            }
            return {refused("RECIPIENT_UNKNOWN", mailbox.text(),
                            {550, "5.1.1", "No such recipient here"})};
        },
        .meaning = "The recipient is not in the file of [domains].recipients.",
        .waits = Waits::Store,
        .always = true};
    return kCheck;
}

}  // namespace postern::checks
