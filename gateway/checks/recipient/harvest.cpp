/// @file Who names many recipients that do not exist is guessing: to spam, or to learn which do.

#include <charconv>

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/recipient/memory.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string key_of(const mail::IpAddress& client) {
    return "harvest:" + client.text();
}

std::int64_t number_in(const std::string& text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Opinions run(const Facts& facts, const Tools& tools, const Options& options) {
    const mail::IpAddress& client = facts.connection.client;
    const auto counted = tools.state.get(key_of(client));
    if (!counted) return {undecided("harvest", counted.error().detail)};
    const std::int64_t unknown = *counted ? number_in(**counted) : 0;
    if (unknown < option<std::int64_t>(options, "limit")) return {};
    return {refused("HARVEST", client.text() + " named " + std::to_string(unknown),
                    {452, "4.5.3", "Too many unknown recipients, try again later"})};
}

}  // namespace

void note_unknown_recipient(state::State& state, const mail::IpAddress& client,
                            const Options& options) {
    const auto window =
        std::chrono::duration_cast<seconds>(option<milliseconds>(options, "window"));
    (void)state.add(key_of(client), 1, window);  // a count that is lost harms nobody
}

const Check& harvest() {
    static const std::vector<OptionKind> kOptions = {
        {"limit", std::int64_t{20}, 1, 100'000, "unknown recipients of one client in the window"},
        {"window", milliseconds(std::chrono::hours(1)), 1000, 7.0 * 24 * 3600 * 1000,
         "how long they count, from the first on"},
    };
    static const Check kCheck{.name = "harvest",
                              .stage = Stage::Recipient,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .run = run,
                              .meaning = "The client names many recipients that do not exist.",
                              .waits = Waits::Store};
    return kCheck;
}

}  // namespace postern::checks
