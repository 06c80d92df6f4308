#pragma once

#include <span>

#include "web/server/request.hpp"

namespace postern::web {

/// What every answer carries, whatever it is. Nothing inline, nothing from elsewhere, no frames,
/// and no text ever becomes markup except through Svelte's own templates.
[[nodiscard]] std::span<const Field> security_headers();

}  // namespace postern::web
