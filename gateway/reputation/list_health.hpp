#pragma once

/// @file Whether a DNS list can be believed: a small machine that test results drive.

#include <string>
#include <vector>

#include "gateway/reputation/dns_list.hpp"

namespace postern::reputation {

/// Untested: nothing of it counts yet, and nobody is alarmed.
enum class Health : std::uint8_t { Untested, Well, Suspended };

/// What one test point said.
struct TestResult {
    TestPoint point;
    dns::Answer answer;
};

/// What a whole round came to.
struct TestVerdict {
    enum class Kind : std::uint8_t { Well, Lying, Silent };
    Kind kind = Kind::Well;
    std::string why;  ///< a sentence, of Lying and Silent
};
/// Lying: the list answers and is wrong: it lists what must not be listed (all of them then are
/// suspect), or not what must be. Silent: a point could not be told.
[[nodiscard]] TestVerdict judge_tests(const DnsList& list, const std::vector<TestResult>& results);

/// A list that lies is suspended at once, a silent one after this many rounds in a row.
inline constexpr unsigned kSilentRounds = 2;

class HealthRecord {
public:
    explicit HealthRecord(bool tested) : health_(tested ? Health::Untested : Health::Well) {}

    /// Takes a round's verdict; true: health() is another now, why() says the reason.
    bool take(const TestVerdict& verdict);
    [[nodiscard]] Health health() const { return health_; }
    [[nodiscard]] const std::string& why() const { return why_; }

private:
    Health health_;
    std::string why_ = "not tested yet";
    unsigned silent_ = 0;
};

}  // namespace postern::reputation
