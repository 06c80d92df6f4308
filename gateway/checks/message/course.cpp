#include "gateway/checks/message/course.hpp"

#include <algorithm>

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/options.hpp"

namespace postern::checks {

using analyzers::Category;
using analyzers::Severity;

Course course(const Options& options, std::string_view key) {
    const std::string& word = option<std::string>(options, key);
    if (word == "defer") return Course::Defer;
    const auto found = std::find(kCourses.begin(), kCourses.end(), word);
    return static_cast<Course>(found - kCourses.begin());
}

void take_course(Opinions& said, Course course, std::string_view code, std::string_view detail,
                 smtp::Reply reply) {
    if (course == Course::Off) return;
    Opinion opinion = noted(code, detail);
    analyzers::Finding& finding = opinion.finding;
    switch (course) {
        case Course::Monitor:
            opinion.at_most = Mode::Monitor;
            break;
        case Course::Score:
            opinion.at_most = Mode::Score;
            break;
        case Course::Quarantine:
            finding.severity = std::max(finding.severity, Severity::High);
            if (finding.category == Category::None) finding.category = Category::Policy;
            break;
        case Course::Reject:
        case Course::Defer:
            opinion.refusal = std::move(reply);
            break;
        case Course::Off:
            break;
    }
    said.push_back(std::move(opinion));
}

}  // namespace postern::checks
