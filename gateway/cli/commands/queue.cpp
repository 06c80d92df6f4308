/// @file `postern queue list|flush`: deliveries still owed.

#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/cli/open_store.hpp"

namespace postern::cli {
namespace {

constexpr std::size_t kMostShown = 10'000;

int list(const Context& context, quarantine::Store& store) {
    const auto owed = store.outbox().list(kMostShown);
    if (!owed) return complain(owed.error());
    for (const quarantine::Delivery& each : *owed) {
        if (context.json) {
            std::cout << nlohmann::json{{"id", each.record.text()},
                                        {"forward_path", each.forward_path},
                                        {"state", name(each.state)},
                                        {"requested_by", each.requested_by},
                                        {"requested", each.requested},
                                        {"attempts", each.attempts},
                                        {"due", each.due},
                                        {"detail", each.detail}}
                             .dump()
                      << "\n";
        } else {
            std::cout << each.record.text() << "  <" << each.forward_path << ">  "
                      << name(each.state) << "  due " << utc_time(each.due) << "  attempts "
                      << each.attempts << "  " << each.detail << "\n";
        }
    }
    return kFine;
}

int flush(const Context& context, quarantine::Store& store) {
    const auto due = store.outbox().flush();
    if (!due) return complain(due.error());
    if (context.json) {
        std::cout << nlohmann::json{{"due", *due}}.dump() << "\n";
    } else {
        std::cout << *due << " due now\n";
    }
    return kFine;
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() != 1 || (words[0] != "list" && words[0] != "flush")) {
        throw UsageError("queue takes one word: list or flush");
    }
    const auto store = open_store(context.settings());
    return words[0] == "list" ? list(context, *store) : flush(context, *store);
}

}  // namespace

Command queue_command() {
    return {
        "queue", "list|flush", "deliveries still owed: show them, or make all due now", {}, run};
}

}  // namespace postern::cli
