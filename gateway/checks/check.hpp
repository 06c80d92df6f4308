#pragma once

/// @file What a check is: one function over facts that may have opinions. One file and one line in
/// registry.cpp each.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzers/api/finding.hpp"
#include "gateway/checks/facts.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/smtp/reply.hpp"
#include "gateway/state/state.hpp"

namespace postern::reputation {
class Lists;
}

namespace postern::checks {

using settings::Mode;

class RecipientList;  ///< recipient/recipient_list.hpp

/// Data: the message is whole, and nobody has looked into it. Message: the jail has.
enum class Stage : std::uint8_t { Connection, Helo, Sender, Recipient, Data, Message };
[[nodiscard]] std::string_view name(Stage stage);

/// What a check has to say. `refusal` is what the client hears where the check's mode is enforce;
/// in the other modes only the finding is kept (monitor: shown; score: counted).
struct Opinion {
    analyzers::Finding finding;  ///< source Check or List; the code is in the catalogue
    std::optional<smtp::Reply> refusal = {};
    Mode at_most = Mode::Enforce;  ///< milder than the check's mode: this finding counts by it
};
using Opinions = std::vector<Opinion>;

/// What run() may have to wait for. Dns: prepare() starts its questions at its stage; unless it is
/// to enforce, it is asked for its opinion at the end of the message, when they have been answered.
/// Store: it asks the state store, or stands behind a check that does; at its stage, on a decision
/// thread if the store may wait. NextHop: it asks the next hop, at its stage, on a decision thread.
/// Event: something has to happen first; whoever sees it happen runs the check by its name.
enum class Waits : std::uint8_t { Never, Dns, Store, NextHop, Event };

/// An option of [checks.<name>] beside mode and score.
using OptionValue = std::variant<bool, std::int64_t, double, std::chrono::milliseconds, std::string,
                                 std::vector<std::string>>;
struct OptionKind {
    std::string_view key;
    OptionValue standard;  ///< default; also fixes the type
    double least = 0;      ///< of numbers and durations (milliseconds)
    double most = 0;
    std::string_view meaning;  ///< one sentence, for the README and for error messages
    std::span<const std::string_view> choices = {};  ///< of a text: all it may be; empty: anything
};
using Options = std::map<std::string, OptionValue, std::less<>>;

/// The next hop's answer to a recipient, in a transaction of its own that sends nothing.
using Probe =
    std::function<smtp::Reply(const mail::ReversePath& from, const mail::Mailbox& recipient)>;

/// What checks may ask. Each outlives the call.
struct Tools {
    dns::Inquiry& dns;
    state::State& state;
    const settings::Settings& settings;
    std::int64_t now = 0;                      ///< seconds since 1970, UTC
    Mode mode = Mode::Score;                   ///< of the check that runs
    const Probe* probe = nullptr;              ///< null: there is no next hop to ask
    const reputation::Lists* lists = nullptr;  ///< null: none are there
    RecipientList* recipients = nullptr;       ///< null: [domains].recipients is not set
};

struct Check {
    std::string_view name;  ///< [checks.<name>], lower case with "_"
    Stage stage = Stage::Connection;
    Mode mode = Mode::Score;  ///< default
    std::span<const OptionKind> options = {};
    Opinions (*run)(const Facts& facts, const Tools& tools, const Options& options) = nullptr;
    std::string_view meaning;  ///< one sentence
    Waits waits = Waits::Never;
    void (*prepare)(const Facts& facts, const Tools& tools, const Options& options) = nullptr;
    bool always = false;  ///< also for clients on the allow list: it is not about spam
    bool fixed = false;   ///< its mode is not the operator's to change
};

}  // namespace postern::checks
