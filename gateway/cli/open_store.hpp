#pragma once

#include <memory>
#include <string>

#include "gateway/cli/command.hpp"
#include "gateway/state/state.hpp"
#include "quarantine/store.hpp"

namespace postern::cli {

/// The quarantine of this configuration. Throws std::runtime_error with a sentence when it cannot
/// be opened: main() turns that into exit 2.
[[nodiscard]] std::unique_ptr<quarantine::Store> open_store(const settings::Settings& settings);

/// What the gateways share, beside the running ones; nullptr: it lives in the running gateway alone
/// ("memory:"). Throws std::runtime_error as open_store() does.
[[nodiscard]] std::unique_ptr<state::State> open_state_store(const settings::State& settings);

/// The id that was given as a word; throws UsageError when it is none.
[[nodiscard]] quarantine::QuarantineId id_of(const std::string& word);

/// Says what went wrong and gives the exit code: 1 for "no such thing", 2 for the rest.
int complain(const quarantine::StoreError& error);

/// Who does it, for the audit log: "cli:<user name>".
[[nodiscard]] quarantine::Actor cli_actor();

/// "2026-01-02 03:04:05" in UTC.
[[nodiscard]] std::string utc_time(quarantine::UnixMs time);

}  // namespace postern::cli
