#pragma once

#include <string>

#include "gateway/auth/results.hpp"

namespace postern::verdict {

/// The member "auth" of a postern.scan/1 object. What was not asked has no member. Texts are
/// cleaned and cut: they may be a stranger's.
[[nodiscard]] std::string auth_json(const auth::Results& results);

}  // namespace postern::verdict
