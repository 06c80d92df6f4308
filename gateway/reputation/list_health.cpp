#include "gateway/reputation/list_health.hpp"

#include <algorithm>

namespace postern::reputation {

TestVerdict judge_tests(const DnsList& list, const std::vector<TestResult>& results) {
    using Kind = TestVerdict::Kind;
    TestVerdict verdict;
    DnsList any = list;
    any.codes.clear();
    for (const TestResult& each : results) {
        const dns::Answer& answer = each.answer;
        if (dns::unknown(answer.status)) {
            // A lie that was seen weighs more than a silence.
            if (verdict.kind == Kind::Well) {
                verdict = {Kind::Silent,
                           each.point.name + " could not be asked for: " +
                               (answer.detail.empty() ? std::string(dns::name(answer.status))
                                                      : answer.detail)};
            }
        } else if (answer.found()) {
            // Any code may mark the test entry, but none that says "refused".
            const Reading reading = read_answer(any, answer);
            if (reading.meaning == Meaning::Unknown) return {Kind::Lying, reading.why};
            if (!each.point.listed) {
                return {Kind::Lying, each.point.name + " is listed, which must not be"};
            }
        } else if (each.point.listed) {
            verdict = {Kind::Lying, each.point.name + " is not listed, which must be"};
        }
    }
    return verdict;
}

bool HealthRecord::take(const TestVerdict& verdict) {
    const Health before = health_;
    switch (verdict.kind) {
        case TestVerdict::Kind::Well:
            silent_ = 0;
            health_ = Health::Well;
            why_.clear();
            break;
        case TestVerdict::Kind::Lying:
            health_ = Health::Suspended;
            why_ = verdict.why;
            break;
        case TestVerdict::Kind::Silent:
            silent_ = std::min(silent_ + 1, kSilentRounds);
            if (silent_ < kSilentRounds && health_ != Health::Untested) return false;
            if (health_ != Health::Suspended) why_ = verdict.why;
            health_ = Health::Suspended;
            break;
    }
    return health_ != before;
}

}  // namespace postern::reputation
