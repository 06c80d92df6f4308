#include "gateway/checks/plan.hpp"

#include <algorithm>
#include <cstdlib>

#include "gateway/checks/registry.hpp"
#include "gateway/settings/config_error.hpp"
#include "gateway/settings/quantity.hpp"

namespace postern::checks {
namespace {

using settings::CheckTable;
using settings::ConfigError;
using settings::RawOption;

std::string number_text(double value) {
    std::string text = std::to_string(value);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text += '0';
    return text;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

/// As TOML writes it.
struct Shown {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return number_text(value); }
    std::string operator()(std::chrono::milliseconds value) const {
        return quoted(settings::format_duration(value));
    }
    std::string operator()(const std::string& value) const { return quoted(value); }
    std::string operator()(const std::vector<std::string>& value) const {
        std::string list = "[";
        for (const std::string& each : value) list += (list.size() > 1 ? ", " : "") + quoted(each);
        return list + "]";
    }
};

struct Where {
    std::string key;  ///< "checks.pregreet.wait"
    const RawOption& raw;
    const OptionKind& kind;

    [[noreturn]] void fail(const std::string& sentence) const {
        throw ConfigError(raw.origin + ": " + key + " " + sentence);
    }
    void in_range(double value, const std::string& shown, const std::string& least,
                  const std::string& most) const {
        if (value >= kind.least && value <= kind.most) return;
        fail("is " + shown + "; " + least + " to " + most + " is expected");
    }
    void one_of_choices(const std::string& value) const {
        const auto& choices = kind.choices;
        if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) {
            return;
        }
        std::string expected;
        for (const std::string_view each : choices) {
            expected += (expected.empty() ? "" : ", ") + quoted(each);
        }
        fail("is " + quoted(value) + "; one of " + expected + " is expected");
    }
};

/// The raw value as the type of the default.
struct Taken {
    const Where& where;

    OptionValue operator()(bool /*standard*/) const {
        if (const auto* value = std::get_if<bool>(&where.raw.value)) return *value;
        where.fail("is no switch; true or false is expected");
    }
    OptionValue operator()(std::int64_t /*standard*/) const {
        const auto* value = std::get_if<std::int64_t>(&where.raw.value);
        if (value == nullptr) where.fail("is no whole number; a whole number is expected");
        where.in_range(static_cast<double>(*value), std::to_string(*value),
                       std::to_string(static_cast<std::int64_t>(where.kind.least)),
                       std::to_string(static_cast<std::int64_t>(where.kind.most)));
        return *value;
    }
    OptionValue operator()(double /*standard*/) const {
        double value = 0;
        if (const auto* real = std::get_if<double>(&where.raw.value)) {
            value = *real;
        } else if (const auto* whole = std::get_if<std::int64_t>(&where.raw.value)) {
            value = static_cast<double>(*whole);
        } else {
            where.fail("is no number; a number is expected");
        }
        where.in_range(value, number_text(value), number_text(where.kind.least),
                       number_text(where.kind.most));
        return value;
    }
    OptionValue operator()(std::chrono::milliseconds /*standard*/) const {
        const auto* text = std::get_if<std::string>(&where.raw.value);
        const auto value = text == nullptr ? std::nullopt : settings::parse_duration(*text);
        if (!value) where.fail("is no duration; a text like \"30s\" is expected");
        const auto shown = [](double ms) {
            return settings::format_duration(
                std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
        };
        where.in_range(static_cast<double>(value->count()), settings::format_duration(*value),
                       shown(where.kind.least), shown(where.kind.most));
        return *value;
    }
    OptionValue operator()(const std::string& /*standard*/) const {
        const auto* value = std::get_if<std::string>(&where.raw.value);
        if (value == nullptr) where.fail("is no text; a text is expected");
        where.one_of_choices(*value);
        return *value;
    }
    OptionValue operator()(const std::vector<std::string>& /*standard*/) const {
        if (const auto* list = std::get_if<std::vector<std::string>>(&where.raw.value)) {
            return *list;
        }
        if (const auto* text = std::get_if<std::string>(&where.raw.value)) {
            return std::vector<std::string>{*text};
        }
        where.fail("is no list; a text or a list of texts is expected");
    }
};

const OptionKind* kind_of(const Check& check, std::string_view key) {
    const auto found = std::find_if(check.options.begin(), check.options.end(),
                                    [&](const OptionKind& kind) { return kind.key == key; });
    return found == check.options.end() ? nullptr : &*found;
}

std::string keys_of(const Check& check) {
    std::string keys = "mode, score";
    for (const OptionKind& each : check.options) keys += ", " + std::string(each.key);
    return keys;
}

Configured standard(const Check& check) {
    Configured made{&check, check.mode, std::nullopt, {}};
    for (const OptionKind& each : check.options) {
        made.options.emplace(std::string(each.key), each.standard);
    }
    return made;
}

void apply(const CheckTable& table, Configured& to) {
    const Check& check = *to.check;
    const std::string name = "checks." + std::string(check.name);
    if (table.mode) to.mode = *table.mode;
    if (check.fixed && to.mode != check.mode) {
        throw ConfigError(table.origin + ": " + name + ".mode cannot be changed; \"" +
                          std::string(settings::word(check.mode)) + "\" is expected");
    }
    to.score = table.score;
    for (const auto& [key, raw] : table.options) {
        const OptionKind* kind = kind_of(check, key);
        if (kind == nullptr) {
            throw ConfigError(raw.origin + ": " + name + "." + key +
                              " is no key of this check; one of " + keys_of(check) +
                              " is expected");
        }
        const Where where{name + "." + key, raw, *kind};
        to.options.insert_or_assign(key, std::visit(Taken{where}, kind->standard));
    }
}

}  // namespace

const Configured& Plan::at(std::string_view name) const {
    const auto found = std::find_if(checks_.begin(), checks_.end(), [&](const Configured& each) {
        return each.check->name == name;
    });
    if (found == checks_.end()) std::abort();
    return *found;
}

Plan configure(const settings::Settings& settings) {
    std::vector<Configured> checks;
    for (const Check* each : registry()) checks.push_back(standard(*each));
    for (const auto& [name, table] : settings.checks) {
        const auto found = std::find_if(checks.begin(), checks.end(),
                                        [wanted = std::string_view(name)](const Configured& each) {
                                            return each.check->name == wanted;
                                        });
        if (found == checks.end()) {
            throw ConfigError(table.origin + ": checks." + name +
                              " names no check; `postern config show` lists them all");
        }
        apply(table, *found);
    }
    return Plan(std::move(checks));
}

std::vector<settings::Effective> defaults_in_force(const settings::Settings& settings) {
    std::vector<settings::Effective> shown;
    for (const Check* check : registry()) {
        const auto table = settings.checks.find(std::string(check->name));
        const bool named = table != settings.checks.end();
        const std::string prefix = "checks." + std::string(check->name) + ".";
        if (!named || !table->second.mode) {
            shown.push_back({prefix + "mode", quoted(settings::word(check->mode)), "default"});
        }
        for (const OptionKind& each : check->options) {
            if (named && table->second.options.contains(std::string(each.key))) continue;
            shown.push_back(
                {prefix + std::string(each.key), std::visit(Shown{}, each.standard), "default"});
        }
    }
    return shown;
}

}  // namespace postern::checks
