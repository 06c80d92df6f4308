#pragma once

/// @file What is remembered of recipients: answers of the next hop, and who asks for many that do
/// not exist.

#include "gateway/checks/check.hpp"
#include "gateway/state/caches.hpp"

namespace postern::checks {

/// How long, by the options of recipient_probe.
[[nodiscard]] state::RecipientCacheSettings recipient_memory(const Options& options);

/// A recipient that `client` named does not exist: what the harvest guard counts. May wait for the
/// store. `options` are those of the check `harvest`.
void note_unknown_recipient(state::State& state, const mail::IpAddress& client,
                            const Options& options);

}  // namespace postern::checks
