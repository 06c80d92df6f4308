/// @file DMARC (RFC 9989 5.4): what the domain in From wants done with mail that it did not
/// authenticate. A From that mail programs read differently is treated as a deception, which RFC
/// 9989 10.5 leaves to the receiver. RFC 7372 3.3 gives the codes.

#include "gateway/auth/dmarc/author.hpp"
#include "gateway/checks/message/course.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using auth::DmarcPolicy;
using auth::DmarcResult;

const std::vector<OptionKind>& kinds() {
    static const std::vector<OptionKind> options = {
        {"reject", std::string("reject"), 0, 0, "what becomes of failures under p=reject",
         kCourses},
        {"quarantine", std::string("quarantine"), 0, 0,
         "what becomes of failures under p=quarantine", kCourses},
        {"none", std::string("score"), 0, 0, "what becomes of failures under p=none", kCourses},
        {"temperror", std::string("score"), 0, 0, "what is done when DNS does not answer",
         kTemporaryCourses},
        {"from_ambiguous", std::string("quarantine"), 0, 0,
         "what becomes of mail whose From can be read in more than one way", kCourses},
        {"from_missing", std::string("score"), 0, 0, "what becomes of mail without From", kCourses},
    };
    return options;
}

const smtp::Reply kRefused{550, "5.7.26", "The domain in From does not authenticate this message"};
const smtp::Reply kTemporary{451, "4.7.26", "The DMARC policy cannot be looked up now"};
const smtp::Reply kAmbiguous{550, "5.7.26", "The message must have one From field with one domain"};

void judge_failure(const auth::Dmarc& dmarc, const Options& options, Opinions& said) {
    const std::string about = dmarc.domain + ": " + dmarc.detail;
    switch (dmarc.disposition) {
        case DmarcPolicy::Reject:
            return take_course(said, course(options, "reject"), "DMARC_REJECT", about, kRefused);
        case DmarcPolicy::Quarantine:
            return take_course(said, course(options, "quarantine"), "DMARC_QUARANTINE", about,
                               kRefused);
        case DmarcPolicy::None:
            break;
    }
    if (dmarc.overridden) return said.push_back(noted("DMARC_OVERRIDDEN", about));
    take_course(said, course(options, "none"), "DMARC_FAIL", about, kRefused);
}

void judge_from(const MessageFacts& message, const Options& options, Opinions& said) {
    const mail::HeaderBlock header(message.header);
    const auto author = auth::dmarc::author_domain(header);
    if (author) return;
    const bool missing = author.error() == auth::dmarc::AuthorError::NoFrom;
    take_course(said, course(options, missing ? "from_missing" : "from_ambiguous"),
                missing ? "FROM_MISSING" : "FROM_AMBIGUOUS", auth::dmarc::sentence(author.error()),
                kAmbiguous);
}

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& options) {
    Opinions said;
    const auto& dmarc = facts.message->auth.dmarc;
    if (!dmarc) return said;  // nobody has looked
    switch (dmarc->result) {
        case DmarcResult::Fail:
            judge_failure(*dmarc, options, said);
            break;
        case DmarcResult::PermError:
            judge_from(*facts.message, options, said);
            break;
        case DmarcResult::TempError:
            take_course(said, course(options, "temperror"), kUndecided, "dmarc: " + dmarc->detail,
                        kTemporary);
            break;
        case DmarcResult::None:
        case DmarcResult::Pass:
            break;
    }
    return said;
}

}  // namespace

const Check& dmarc() {
    static const Check check{
        .name = "dmarc",
        .stage = Stage::Message,
        .mode = Mode::Enforce,
        .options = kinds(),
        .run = run,
        .meaning = "The domain in From did not authenticate the message (DMARC)."};
    return check;
}

}  // namespace postern::checks
