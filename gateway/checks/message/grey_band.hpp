#pragma once

#include "gateway/checks/check.hpp"
#include "gateway/state/greylist.hpp"

namespace postern::checks {

/// Scores from `from` up to but not with `to` are grey.
struct GreyBand {
    double from = 4;
    double to = 8;
    state::GreylistSettings settings;
};

/// By the options of the check `greylist`.
[[nodiscard]] GreyBand grey_band(const Options& options);

}  // namespace postern::checks
