#pragma once

#include "gateway/settings/state.hpp"
#include "gateway/state/open_state.hpp"

namespace postern::state {

/// How [state] wants its store opened.
[[nodiscard]] OpenOptions open_options(const settings::State& settings);

}  // namespace postern::state
