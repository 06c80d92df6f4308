#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "analyzers/api/report.hpp"
#include "gateway/transaction/mail.hpp"
#include "gateway/verdict/scan_json.hpp"
#include "gateway/verdict/verdict.hpp"

namespace postern::transaction {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(Clock::time_point begun) {
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

/// What has become known of a message since its end.
struct Course {
    Clock::time_point begun = Clock::now();
    double auth_seconds = 0;
    double analysis_seconds = 0;
    std::optional<analyzers::Report> report;
    std::optional<verdict::Verdict> verdict;
    std::string refused_by;  ///< check that refused it
    bool greylisted = false;

    [[nodiscard]] verdict::Timing timing() const {
        return {auth_seconds * 1000, analysis_seconds * 1000, seconds_since(begun) * 1000};
    }
};

/// A reply of ours about this message, with its id.
[[nodiscard]] inline smtp::Reply own_reply(const Mail& mail, int code, const char* enhanced,
                                           const std::string& words) {
    return traced({code, enhanced, words}, mail.id.text());
}

void warn(const Mail& mail, const char* event, const std::string& error);

}  // namespace postern::transaction
