/// @file ARC (RFC 8617): a broken chain says as little as no chain. What a whole one of trusted
/// sealers is good for, auth::Authenticator has settled in the DMARC result.

#include "gateway/checks/message/course.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

const std::vector<OptionKind>& kinds() {
    static const std::vector<OptionKind> options = {
        {"fail", std::string("monitor"), 0, 0, "what becomes of mail with a broken chain",
         kCourses},
        {"temperror", std::string("score"), 0, 0, "what is done when a key cannot be looked up",
         kTemporaryCourses},
    };
    return options;
}

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& options) {
    Opinions said;
    const auto& arc = facts.message->auth.arc;
    if (!arc || arc->result != auth::ArcResult::Fail) return said;
    const std::string about = arc->sealer + ": " + arc->detail;
    if (arc->temporary) {
        take_course(said, course(options, "temperror"), kUndecided, "arc: " + about,
                    {451, "4.7.29", "A key of the ARC chain cannot be looked up now"});
    } else {
        take_course(said, course(options, "fail"), "ARC_FAIL", about,
                    {550, "5.7.29", "The ARC chain does not validate"});
    }
    return said;
}

}  // namespace

const Check& arc() {
    static const Check check{.name = "arc",
                             .stage = Stage::Message,
                             .mode = Mode::Enforce,
                             .options = kinds(),
                             .run = run,
                             .meaning = "The chain of ARC seals is broken."};
    return check;
}

}  // namespace postern::checks
