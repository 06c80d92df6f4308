/// @file `postern allow list`: the entries of [lists].allow, until when they count, and when each
/// was last of use.

#include <charconv>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/checks/message/allowed.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/cli/open_store.hpp"
#include "gateway/reputation/lists/list_set.hpp"
#include "gateway/settings/allow_entry.hpp"

namespace postern::cli {
namespace {

using nlohmann::json;

/// The entry as the checks name it.
std::string canonical(const std::string& who) {
    reputation::ListSet set;
    if (!set.add(settings::EntryKind::Any, who)) return who;
    set.finish();
    const auto entries = set.entries();
    return entries.empty() ? who : entries.front();
}

std::optional<std::int64_t> last_use(state::State& store, const std::string& who) {
    const auto value = store.get(checks::allow_use_key(canonical(who)));
    if (!value) throw std::runtime_error("the state store: " + value.error().detail);
    if (!*value) return std::nullopt;
    const std::string& text = **value;
    std::int64_t time = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), time);
    return read.ec == std::errc() ? std::optional(time) : std::nullopt;
}

void print(const settings::AllowEntry& entry, std::optional<std::int64_t> used, bool known,
           const Context& context) {
    const bool expired = entry.until && *entry.until <= std::time(nullptr);
    if (context.json) {
        std::cout << json{{"entry", entry.who},
                          {"until", entry.until ? json(*entry.until) : json()},
                          {"expired", expired},
                          {"last_use", used ? json(*used) : json()}}
                         .dump()
                  << "\n";
        return;
    }
    std::cout << entry.who << "  "
              << (entry.until ? (expired ? "EXPIRED " : "until ") + utc_time(*entry.until * 1000)
                              : std::string("without end"))
              << "  last use: "
              << (used ? utc_time(*used * 1000) : std::string(known ? "never" : "not known"))
              << "\n";
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() != 1 || words[0] != "list") throw UsageError("allow takes: list");
    const settings::Settings& settings = context.settings();
    const auto store = open_state_store(settings.state);
    if (!store) {
        std::cerr << "postern: [state].url is \"memory:\": only the running gateway knows when an "
                     "entry was last of use; use sqlite:///folder/file or redis://host\n";
    }
    for (const std::string& text : settings.lists.allow) {
        const auto entry =
            settings::parse_allow_entry(text).value_or(settings::AllowEntry{text, std::nullopt});
        print(entry, store ? last_use(*store, entry.who) : std::nullopt, store != nullptr, context);
    }
    return kFine;
}

}  // namespace

Command allow_command() {
    return {
        "allow", "list", "what [lists].allow lets in, until when, and when it last did", {}, run};
}

}  // namespace postern::cli
