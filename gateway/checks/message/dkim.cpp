/// @file DKIM (RFC 6376 6.3): a signature that fails is as none, since lists and gateways break
/// what they touch. An operator may ask for more. RFC 7372 3.1 gives the codes.

#include <algorithm>

#include "gateway/checks/message/course.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using auth::DkimResult;

constexpr std::uint32_t kStrongRsa = 2048;  // RFC 8301 3.2 wants signers to have it

const std::vector<OptionKind>& kinds() {
    static const std::vector<OptionKind> options = {
        {"fail", std::string("monitor"), 0, 0, "what becomes of mail none of whose signatures pass",
         kCourses},
        {"none", std::string("off"), 0, 0, "what becomes of mail without a signature", kCourses},
        {"weak", std::string("monitor"), 0, 0, "what becomes of RSA keys below 2048 bits",
         kCourses},
        {"partial", std::string("score"), 0, 0,
         "what becomes of a valid signature that leaves out what a reader sees", kCourses},
        {"temperror", std::string("score"), 0, 0, "what is done when a key cannot be looked up",
         kTemporaryCourses},
    };
    return options;
}

const smtp::Reply kNoPass{550, "5.7.20", "No valid DKIM signature"};
const smtp::Reply kTemporary{451, "4.7.20", "A DKIM key cannot be looked up now"};

std::string about(const auth::Dkim& dkim) {
    return dkim.domain + ": " + std::string(word(dkim.result)) +
           (dkim.detail.empty() ? "" : ", " + dkim.detail);
}

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& options) {
    Opinions said;
    const auth::Results& results = facts.message->auth;
    if (!results.dmarc) return said;  // nobody has looked
    const auto& signatures = results.dkim;
    const auto first = [&](DkimResult result) {
        return std::find_if(signatures.begin(), signatures.end(),
                            [&](const auth::Dkim& each) { return each.result == result; });
    };
    if (signatures.empty()) {
        take_course(said, course(options, "none"), "DKIM_NONE", "", kNoPass);
    } else if (first(DkimResult::Pass) == signatures.end()) {
        const auto temporary = first(DkimResult::TempError);
        if (temporary != signatures.end()) {
            take_course(said, course(options, "temperror"), kUndecided,
                        "dkim: " + about(*temporary), kTemporary);
        } else {
            take_course(said, course(options, "fail"), "DKIM_FAIL", about(signatures.front()),
                        kNoPass);
        }
    }
    const auto weak = std::find_if(signatures.begin(), signatures.end(), [](const auto& each) {
        return each.result == DkimResult::Pass && each.algorithm.starts_with("rsa") &&
               each.key_bits > 0 && each.key_bits < kStrongRsa;
    });
    const auto partial = std::find_if(signatures.begin(), signatures.end(), [](const auto& each) {
        return each.result == DkimResult::Pass && !each.left_out.empty();
    });
    if (partial != signatures.end()) {
        take_course(said, course(options, "partial"), "DKIM_PARTIAL",
                    partial->domain + ": " + partial->left_out, kNoPass);
    }
    if (weak != signatures.end()) {
        take_course(said, course(options, "weak"), "DKIM_WEAK",
                    weak->domain + ": " + std::to_string(weak->key_bits) + " bits", kNoPass);
    }
    return said;
}

}  // namespace

const Check& dkim() {
    static const Check check{.name = "dkim",
                             .stage = Stage::Message,
                             .mode = Mode::Enforce,
                             .options = kinds(),
                             .run = run,
                             .meaning = "No signature of the message is valid (DKIM)."};
    return check;
}

}  // namespace postern::checks
