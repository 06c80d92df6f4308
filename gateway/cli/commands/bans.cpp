/// @file `postern bans list|add|lift`: clients that the check `banned` refuses, in the store that
/// the gateways share.

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/checks/connection/limits.hpp"
#include "gateway/checks/plan.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/cli/open_store.hpp"
#include "gateway/settings/quantity.hpp"
#include "gateway/state/bans.hpp"

namespace postern::cli {
namespace {

using nlohmann::json;
using state::Ban;
using state::Bans;
using std::chrono::seconds;

constexpr std::size_t kMost = 100'000;

int complain(const state::StateError& error) {
    return cli::complain("the state store: " + error.detail, kCouldNot);
}

void print(const Ban& ban, const Context& context) {
    if (context.json) {
        const json object = {{"client", ban.client.text()},
                             {"reason", ban.reason},
                             {"since", ban.since},
                             {"until", ban.until},
                             {"times", ban.times}};
        std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
    } else {
        std::cout << ban.client.text() << "  until " << utc_time(ban.until * 1000) << "  since "
                  << utc_time(ban.since * 1000) << "  times " << ban.times << "  " << ban.reason
                  << "\n";
    }
}

int list(const Bans& bans, const Context& context) {
    const auto found = bans.list(std::time(nullptr), kMost);
    if (!found) return complain(found.error());
    for (const Ban& each : *found) print(each, context);
    return kFine;
}

mail::IpAddress client_of(const std::string& word) {
    const auto client = mail::IpAddress::parse(word);
    if (!client) throw UsageError("\"" + word + "\" is no address");
    return *client;
}

seconds time_of(const Arguments& arguments, seconds standard) {
    const auto text = arguments.value("for");
    if (!text) return standard;
    const auto time = settings::parse_duration(*text);
    if (!time || *time < seconds(1)) {
        throw UsageError("--for is \"" + *text + "\"; a time like 30m, 12h or 7d is expected");
    }
    return std::chrono::duration_cast<seconds>(*time);
}

int add(const Bans& bans, const mail::IpAddress& client, seconds time, const std::string& reason,
        const Context& context) {
    const auto ban = bans.ban(client, time, reason, std::time(nullptr));
    if (!ban) return complain(ban.error());
    print(*ban, context);
    return kFine;
}

int lift(const Bans& bans, const mail::IpAddress& client, const Context& context) {
    const auto lifted = bans.lift(client, std::time(nullptr));
    if (!lifted) return complain(lifted.error());
    if (context.json) {
        std::cout << json{{"client", client.text()}, {"lifted", *lifted}}.dump() << "\n";
    } else {
        std::cout << client.text() << (*lifted ? ": lifted" : ": was not banned") << "\n";
    }
    return *lifted ? kFine : kBad;
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    const bool lists = words.size() == 1 && words[0] == "list";
    const bool acts = words.size() == 2 && (words[0] == "add" || words[0] == "lift");
    if (!lists && !acts) throw UsageError("bans takes: list | add ADDRESS | lift ADDRESS");
    const auto store = open_state_store(context.settings().state);
    if (!store) {
        return cli::complain(
            "[state].url is \"memory:\": bans live in the running gateway alone, where no command "
            "reaches them, and end with it; use sqlite:///folder/file or redis://host",
            kCouldNot);
    }
    const checks::Plan plan = checks::configure(context.settings());
    const checks::Configured& banned = plan.at("banned");
    const state::BanSettings settings = checks::ban_settings(banned.options);
    const auto time = time_of(arguments, settings.first);
    if (banned.mode != checks::Mode::Enforce) {
        std::cerr
            << "postern: [checks.banned].mode is not \"enforce\": nobody is refused by a ban\n";
    }
    const Bans bans(*store, settings);
    if (lists) return list(bans, context);
    const mail::IpAddress client = client_of(words[1]);
    if (words[0] == "lift") return lift(bans, client, context);
    return add(bans, client, time, arguments.value("reason").value_or("by hand"), context);
}

}  // namespace

Command bans_command() {
    return {"bans",
            "list | add ADDRESS | lift ADDRESS",
            "clients that are refused for a while: show, make, end (store of [state].url)",
            {{"for", "TIME", "add: how long, as 30m, 12h, 7d ([checks.banned].first)"},
             {"reason", "TEXT", "add: what to tell of it in list and log (by hand)"}},
            run};
}

}  // namespace postern::cli
