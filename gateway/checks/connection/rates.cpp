/// @file How much one address, and the network it is in, may do in a minute; and who is banned for
/// what he did before. Counted in the state store, so that all gateways on one store count
/// together.

#include "gateway/checks/connection/limits.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using state::Event;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kMostEvents = 1'000'000;

std::vector<OptionKind> rate_options(std::int64_t address, std::int64_t network) {
    return {{"address", address, 0, kMostEvents, "of one address in the window; 0: any number"},
            {"network", network, 0, kMostEvents, "of one /24 or /56; 0: any number"},
            {"window", milliseconds(60'000), 1000, 24.0 * 3600 * 1000, "how long they count"}};
}

state::RateSettings rate_settings(Event event, const Options& options) {
    state::RateSettings made;
    made.window = duration_cast<seconds>(option<milliseconds>(options, "window"));
    const auto limits = [event](std::int64_t number) {
        state::EventLimits only;
        const auto count = static_cast<std::uint32_t>(number);
        if (event == Event::Connection) only.connections = count;
        if (event == Event::Message) only.messages = count;
        if (event == Event::Recipient) only.recipients = count;
        if (event == Event::Error) only.errors = count;
        return only;
    };
    made.address = limits(option<std::int64_t>(options, "address"));
    made.network = limits(option<std::int64_t>(options, "network"));
    return made;
}

template <Event event>
Opinions count(const Facts& facts, const Tools& tools, const Options& options) {
    const state::Rates rates(tools.state, rate_settings(event, options));
    const auto answer = rates.count(event, facts.connection.client, tools.now);
    if (!answer) return {undecided(name(event), answer.error().detail)};
    if (!answer->over) return {};
    if constexpr (event == Event::Connection) {
        return {refused("RATE_EXCEEDED", answer->detail,
                        {421, "4.7.0", "Too many connections, try again later"})};
    }
    return {refused("RATE_EXCEEDED", answer->detail,
                    {450, "4.7.28", "Too much mail at once, try again later"})};
}

}  // namespace

state::RateSettings error_rates(const Options& options) {
    return rate_settings(Event::Error, options);
}

state::BanSettings ban_settings(const Options& options) {
    const auto time = [&](std::string_view key) {
        return duration_cast<seconds>(option<milliseconds>(options, key));
    };
    state::BanSettings made;
    made.threshold = option<double>(options, "threshold");
    made.half_life = time("half_life");
    made.first = time("first");
    made.longest = time("longest");
    return made;
}

const Check& banned() {
    constexpr double kHour = 3600.0 * 1000;
    static const std::vector<OptionKind> kOptions = {
        {"threshold", 20.0, 1, 1'000'000, "points at which a client is banned"},
        {"half_life", milliseconds(std::chrono::hours(24)), 60'000, 30 * 24 * kHour,
         "how fast points fade"},
        {"first", milliseconds(std::chrono::hours(1)), 1000, 30 * 24 * kHour,
         "length of a first ban; each further one is twice as long"},
        {"longest", milliseconds(std::chrono::hours(24 * 7)), 1000, 365 * 24 * kHour,
         "length of the longest"},
        {"early_talk", 4.0, 0, 1000, "points for speaking before the banner"},
        {"unknown_recipient", 1.0, 0, 1000, "points for a recipient that does not exist"},
        {"malware", 5.0, 0, 1000, "points for a message with malware"},
        {"error_rate", 5.0, 0, 1000, "points for more errors in a minute than error_rate allows"},
    };
    static const Check kCheck{
        .name = "banned",
        .stage = Stage::Connection,
        .mode = Mode::Enforce,
        .options = kOptions,
        .run = [](const Facts& facts, const Tools& tools, const Options& options) -> Opinions {
            const state::Bans bans(tools.state, ban_settings(options));
            const auto found = bans.find(facts.connection.client, tools.now);
            if (!found) return {undecided("banned", found.error().detail)};
            if (!*found) return {};
            return {refused("CLIENT_BANNED", (*found)->client.text() + ": " + (*found)->reason,
                            {421, "4.7.0", "Too many errors from your address, try again later"})};
        },
        .meaning = "The client misbehaved too often lately.",
        .waits = Waits::Store};
    return kCheck;
}

const Check& connection_rate() {
    static const std::vector<OptionKind> kOptions = rate_options(30, 120);
    static const Check kCheck{.name = "connection_rate",
                              .stage = Stage::Connection,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .run = count<Event::Connection>,
                              .meaning = "Too many connections from one address or network.",
                              .waits = Waits::Store};
    return kCheck;
}

/// The transaction counts errors as they come; here a client with too many is not let in.
const Check& error_rate() {
    static const std::vector<OptionKind> kOptions = rate_options(20, 80);
    static const Check kCheck{
        .name = "error_rate",
        .stage = Stage::Connection,
        .mode = Mode::Enforce,
        .options = kOptions,
        .run = [](const Facts& facts, const Tools& tools, const Options& options) -> Opinions {
            const state::Rates rates(tools.state, error_rates(options));
            const auto answer = rates.count(Event::Error, facts.connection.client, tools.now, 0);
            if (!answer) return {undecided("errors", answer.error().detail)};
            if (!answer->over) return {};
            return {refused("RATE_EXCEEDED", answer->detail,
                            {421, "4.7.0", "Too many errors from your address, try again later"})};
        },
        .meaning = "Too many refused commands and recipients of one address or network.",
        .waits = Waits::Store};
    return kCheck;
}

const Check& message_rate() {
    static const std::vector<OptionKind> kOptions = rate_options(60, 240);
    static const Check kCheck{.name = "message_rate",
                              .stage = Stage::Sender,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .run = count<Event::Message>,
                              .meaning = "Too many messages from one address or network.",
                              .waits = Waits::Store};
    return kCheck;
}

const Check& recipient_rate() {
    static const std::vector<OptionKind> kOptions = rate_options(100, 400);
    static const Check kCheck{.name = "recipient_rate",
                              .stage = Stage::Recipient,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .run = count<Event::Recipient>,
                              .meaning = "Too many recipients from one address or network.",
                              .waits = Waits::Store};
    return kCheck;
}

}  // namespace postern::checks
