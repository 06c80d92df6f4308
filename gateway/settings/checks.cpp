#include "gateway/settings/checks.hpp"

#include <algorithm>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

constexpr Choice<Mode> kModes[] = {{"off", Mode::Off},
                                   {"monitor", Mode::Monitor},
                                   {"score", Mode::Score},
                                   {"enforce", Mode::Enforce}};
constexpr double kMostPoints = 100;

bool is_code(const std::string& name) {
    return std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

void read_code(KeyReader& keys, const std::string& code, Checks& checks) {
    const std::string table = "checks." + code;
    const auto known = [&](const analyzers::FindingKind& kind) { return kind.code == code; };
    const auto catalogue = analyzers::catalogue();
    if (std::find_if(catalogue.begin(), catalogue.end(), known) == catalogue.end()) {
        keys.fail(table, "names no finding; analyzers/README.md lists their codes");
    }
    CheckSetting setting;
    keys.choice(table + ".mode", setting.mode, kModes);
    setting.has_score = keys.has(table + ".score");
    if (setting.has_score) {
        keys.number(table + ".score", setting.score, -kMostPoints, kMostPoints);
    }
    checks.codes.emplace(code, setting);
}

void read_named(KeyReader& keys, const std::string& name, Checks& checks) {
    const std::string table = "checks." + name;
    CheckTable read;
    read.origin = keys.origin(table);
    for (const std::string& key : keys.members(table)) {
        const std::string whole = table + "." + key;
        if (key == "mode") {
            read.mode = Mode::Score;
            keys.choice(whole, *read.mode, kModes);
        } else if (key == "score") {
            read.score = 0;
            keys.number(whole, *read.score, -kMostPoints, kMostPoints);
        } else {
            read.options.emplace(key, keys.raw(whole));
        }
    }
    checks.named.emplace(name, std::move(read));
}

}  // namespace

std::string_view word(Mode mode) {
    const auto* found = std::find_if(std::begin(kModes), std::end(kModes),
                                     [&](const Choice<Mode>& each) { return each.value == mode; });
    return found->word;
}

void read_checks(KeyReader& keys, Checks& checks) {
    for (const std::string& name : keys.tables("checks")) {
        if (is_code(name)) {
            read_code(keys, name, checks);
        } else {
            read_named(keys, name, checks);
        }
    }
}

}  // namespace postern::settings
