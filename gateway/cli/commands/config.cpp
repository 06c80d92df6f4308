/// @file `postern config check|show`: is the configuration valid, and what is in force.

#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/checks/plan.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/cli/signing_keys.hpp"

namespace postern::cli {
namespace {

/// state.url may hold a password, which a screen or a ticket must not show: user names stay.
std::string without_password(std::string url) {
    const std::size_t scheme = url.find("://");
    const std::size_t at = url.rfind('@');
    if (scheme == std::string::npos || at == std::string::npos) return url;
    const std::size_t begin = scheme + 3;
    if (at < begin || url[begin] == '/') return url;  // a path: there is no user
    const std::size_t colon = url.find(':', begin);
    const std::size_t secret = colon < at ? colon + 1 : begin;
    return url.replace(secret, at - secret, "***");
}

int show(const Context& context) {
    std::vector<settings::Effective> all = context.loaded.effective;
    for (settings::Effective& each : checks::defaults_in_force(context.settings())) {
        all.push_back(std::move(each));
    }
    for (settings::Effective& each : all) {
        if (each.key == "state.url") each.value = without_password(std::move(each.value));
        if (context.json) {
            std::cout << nlohmann::json{{"key", each.key},
                                        {"value", each.value},
                                        {"origin", each.origin}}
                             .dump()
                      << "\n";
        } else {
            std::cout << each.key << " = " << each.value << "  # " << each.origin << "\n";
        }
    }
    return kFine;
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() != 1) throw UsageError("config takes one word: check or show");
    if (words[0] == "show") return show(context);
    if (words[0] != "check") throw UsageError("config knows check and show, not " + words[0]);
    require_signing_keys(context);
    const std::string name =
        context.config_path.empty() ? "built-in defaults" : context.config_path;
    if (context.json) {
        std::cout << nlohmann::json{{"valid", true}, {"file", name}}.dump() << "\n";
    } else {
        std::cout << name << ": valid\n";
    }
    return kFine;
}

}  // namespace

Command config_command() {
    return {"config",
            "check|show",
            "validate the configuration; show every value and its origin",
            {},
            run};
}

}  // namespace postern::cli
