#pragma once

/// @file What an operator wants done about a result: the words of the checks spf, dkim, dmarc, arc.

#include <array>
#include <cstdint>
#include <string_view>

#include "gateway/checks/check.hpp"

namespace postern::checks {

/// Off: nothing. Monitor: shown. Score: points. Quarantine: held, whatever the points. Reject and
/// Defer: refused for good, for now.
enum class Course : std::uint8_t { Off, Monitor, Score, Quarantine, Reject, Defer };

inline constexpr std::array<std::string_view, 5> kCourses = {"off", "monitor", "score",
                                                             "quarantine", "reject"};
/// For what may be otherwise the next time.
inline constexpr std::array<std::string_view, 5> kTemporaryCourses = {"off", "monitor", "score",
                                                                      "quarantine", "defer"};

[[nodiscard]] Course course(const Options& options, std::string_view key);

/// Adds the finding as the course has it count, with `reply` as refusal for Reject and Defer.
void take_course(Opinions& said, Course course, std::string_view code, std::string_view detail,
                 smtp::Reply reply);

}  // namespace postern::checks
