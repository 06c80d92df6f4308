#pragma once

#include "gateway/checks/check.hpp"
#include "gateway/state/bans.hpp"
#include "gateway/state/rates.hpp"

namespace postern::checks {

/// By the options of the check `banned`.
[[nodiscard]] state::BanSettings ban_settings(const Options& options);
/// By those of `error_rate`.
[[nodiscard]] state::RateSettings error_rates(const Options& options);

}  // namespace postern::checks
