#pragma once

/// @file Runs the checks of a stage under their modes. This is the only place that knows what a
/// mode does.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/checks/plan.hpp"

namespace postern::checks {

/// A finding with the mode of the check that made it: Monitor, Score or Enforce.
struct Kept {
    analyzers::Finding finding;
    Mode mode = Mode::Score;
};

/// What checks said so far, and what the client has to hear.
struct Heard {
    std::vector<Kept> findings;
    std::optional<smtp::Reply> refusal;  ///< without a trace id
    std::string_view refused_by;         ///< name of the check
};

/// What came of one run of a check; labels of postern_check_total.
enum class Came : std::uint8_t { Clear, Found, Refused, Undecided };
[[nodiscard]] std::string_view name(Came came);
using Counted = std::function<void(const Configured& check, Came came)>;

/// In the order of their turns. AtOnce: what never waits; the questions of the others are asked.
/// Store: what asks the state store. NextHop: what asks the next hop. Dns: what asks the DNS and is
/// to enforce. Deferred: what asks the DNS and is not; its turn comes at the end of the message.
enum class Part : std::uint8_t { AtOnce, Store, NextHop, Dns, Deferred };

/// True when the stage has a check of this part for this client: what decides if a thread is
/// needed.
[[nodiscard]] bool has(const Plan& plan, Stage stage, Part part, const ConnectionFacts& client);

/// Starts the questions of the stage's checks; run() with AtOnce does it as well.
void prepare(const Plan& plan, Stage stage, const Facts& facts, Tools tools);

/// Adds to `heard`; ends at the first refusal. Clients that are trusted meet only what is not about
/// spam.
void run(const Plan& plan, Stage stage, Part part, const Facts& facts, Tools tools, Heard& heard,
         const Counted& counted);

/// The check `name`, whatever part it is; nothing when it is off or not for this client.
void run_one(const Plan& plan, std::string_view name, const Facts& facts, Tools tools, Heard& heard,
             const Counted& counted);

}  // namespace postern::checks
