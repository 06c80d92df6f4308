/// @file A bounce goes to the one who sent (RFC 5321 4.5.5): several recipients behind a null
/// reverse-path are spam that passes for one.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

const Check& null_sender_recipients() {
    static const Check kCheck{
        .name = "null_sender_recipients",
        .stage = Stage::Recipient,
        .mode = Mode::Score,
        .run = [](const Facts& facts, const Tools& /*tools*/,
                  const Options& /*options*/) -> Opinions {
            if (facts.sender->reverse_path || facts.recipient->accepted != 1) return {};
            return {refused("BOUNCE_MANY_RECIPIENTS", facts.recipient->forward_path.text(),
                            {550, "5.5.3", "A bounce has one recipient"})};
        },
        .meaning = "Mail without a sender is for several recipients."};
    return kCheck;
}

}  // namespace postern::checks
