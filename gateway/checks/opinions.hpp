#pragma once

/// @file The three things a check can say.

#include <string_view>

#include "gateway/checks/check.hpp"

namespace postern::checks {

/// Code of an opinion that could not be had: shown, never counted.
inline constexpr std::string_view kUndecided = "CHECK_UNDECIDED";

/// True for it, and for a list that could not be asked.
[[nodiscard]] bool is_undecided(const analyzers::Finding& finding);

/// Something worth points, and no reason to refuse.
[[nodiscard]] Opinion noted(std::string_view code, std::string_view detail);
/// Something that a check which is to enforce refuses with `reply`.
[[nodiscard]] Opinion refused(std::string_view code, std::string_view detail, smtp::Reply reply);
/// Could not tell: neither good nor bad. `reply` is temporary, and only where the operator asked to
/// defer.
[[nodiscard]] Opinion undecided(std::string_view check, std::string_view detail,
                                std::optional<smtp::Reply> reply = {});

}  // namespace postern::checks
