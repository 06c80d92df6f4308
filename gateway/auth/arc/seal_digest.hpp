#pragma once

#include <vector>

#include "gateway/auth/arc/arc_set.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace postern::auth::arc {

/// What each seal signs (RFC 8617 5.1.1): all sets up to its own, in order, relaxed, its own b=
/// left out. One digest for each set. Linear: a set is hashed once.
[[nodiscard]] std::vector<dkim::Sha256Digest> seal_digests(const std::vector<ArcSet>& sets);

/// Takes the sets of a chain, for a seal that is being made.
[[nodiscard]] dkim::Sha256Context hashed_sets(const std::vector<ArcSet>& sets);

}  // namespace postern::auth::arc
