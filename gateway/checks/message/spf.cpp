/// @file SPF (RFC 7208 8): what a domain says about who sends its mail. Forwarders break it without
/// ill will, so by default a fail is points, and none at all when DMARC passes by a signature;
/// DMARC decides who is refused. RFC 7372 3.2 gives the codes.

#include "gateway/checks/message/course.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using auth::SpfResult;

const std::vector<OptionKind>& kinds() {
    static const std::vector<OptionKind> options = {
        {"fail", std::string("score"), 0, 0, "what becomes of \"fail\"", kCourses},
        {"softfail", std::string("score"), 0, 0, "what becomes of \"softfail\"", kCourses},
        {"permerror", std::string("score"), 0, 0, "what becomes of a malformed record", kCourses},
        {"temperror", std::string("score"), 0, 0, "what is done when DNS does not answer",
         kTemporaryCourses},
        {"none", std::string("off"), 0, 0, "what becomes of mail without a record", kCourses},
        {"helo_fail", std::string("score"), 0, 0, "what becomes of \"fail\" for HELO", kCourses},
    };
    return options;
}

const smtp::Reply kFail{550, "5.7.23", "Your address may not send mail of this domain (SPF)"};
const smtp::Reply kTemporary{451, "4.7.24", "The domain's SPF record cannot be looked up now"};
const smtp::Reply kMalformed{550, "5.7.24", "The domain's SPF record is malformed"};

std::string about(const auth::Spf& spf) {
    return spf.domain + ": " + spf.detail;
}

/// Points are for mail that nobody vouches for.
Course excused(Course course, bool dmarc_passes) {
    return course == Course::Score && dmarc_passes ? Course::Monitor : course;
}

void judge(const auth::Spf& spf, bool dmarc_passes, const Options& options, Opinions& said) {
    const auto take = [&](const char* key, const char* code, const smtp::Reply& reply) {
        take_course(said, excused(course(options, key), dmarc_passes), code, about(spf), reply);
    };
    switch (spf.result) {
        case SpfResult::Fail:
            return take("fail", "SPF_FAIL", kFail);
        case SpfResult::SoftFail:
            return take("softfail", "SPF_SOFTFAIL", kFail);
        case SpfResult::PermError:
            return take("permerror", "SPF_PERMERROR", kMalformed);
        case SpfResult::None:
            return take("none", "SPF_NONE", kFail);
        case SpfResult::TempError:
            return take_course(said, course(options, "temperror"), kUndecided, "spf: " + about(spf),
                               kTemporary);
        case SpfResult::Neutral:
        case SpfResult::Pass:
            break;
    }
}

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& options) {
    Opinions said;
    const auth::Results& results = facts.message->auth;
    const bool dmarc_passes = results.dmarc && results.dmarc->result == auth::DmarcResult::Pass;
    if (results.spf) judge(*results.spf, dmarc_passes, options, said);
    if (results.spf_helo && results.spf_helo->result == SpfResult::Fail) {
        take_course(said, excused(course(options, "helo_fail"), dmarc_passes), "SPF_HELO_FAIL",
                    about(*results.spf_helo), kFail);
    }
    return said;
}

}  // namespace

const Check& spf() {
    static const Check check{.name = "spf",
                             .stage = Stage::Message,
                             .mode = Mode::Enforce,
                             .options = kinds(),
                             .run = run,
                             .meaning = "The sender's domain does not allow this client (SPF)."};
    return check;
}

}  // namespace postern::checks
