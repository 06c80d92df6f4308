/// @file Links and objects of the message in DNS lists, list files and feeds. Not about spam alone:
/// a link to malware is as bad from a client on the allow list.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"
#include "gateway/reputation/findings.hpp"

namespace postern::checks {

const Check& content_lists() {
    static const Check kCheck{
        .name = "content_lists",
        .stage = Stage::Message,
        .mode = Mode::Enforce,
        .run =
            [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
                Opinions said;
                if (tools.lists == nullptr || facts.message->report == nullptr) return said;
                const auto answer = tools.lists->content(*facts.message->report, tools.dns);
                for (analyzers::Finding& each : reputation::content_findings(answer)) {
                    said.push_back({std::move(each)});
                }
                return said;
            },
        .meaning = "A link or an attachment of the message is on lists.",
        .waits = Waits::Dns,
        .prepare =
            [](const Facts& facts, const Tools& tools, const Options& /*options*/) {
                if (tools.lists && facts.message->report) {
                    tools.lists->prefetch_links(*facts.message->report, tools.dns);
                }
            },
        .always = true};
    return kCheck;
}

}  // namespace postern::checks
