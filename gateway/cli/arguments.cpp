#include "gateway/cli/arguments.hpp"

#include <algorithm>
#include <charconv>

namespace postern::cli {

Arguments::Arguments(const std::vector<std::string>& words, const std::vector<Option>& known) {
    bool options_ended = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (options_ended || !word.starts_with("--")) {
            if (!options_ended && word.size() > 1 && word.front() == '-') {
                throw UsageError("unknown option " + word);
            }
            words_.push_back(word);
            continue;
        }
        if (word == "--") {
            options_ended = true;
            continue;
        }
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
        const auto option = std::find_if(known.begin(), known.end(),
                                         [&](const Option& o) { return o.name == name; });
        if (option == known.end()) throw UsageError("unknown option --" + name);
        if (option->value.empty()) {
            if (equals != std::string::npos) throw UsageError("--" + name + " takes no value");
            options_.emplace(name, "");
        } else if (equals != std::string::npos) {
            options_.emplace(name, word.substr(equals + 1));
        } else if (i + 1 < words.size()) {
            options_.emplace(name, words[++i]);
        } else {
            throw UsageError("--" + name + " needs a value: " + std::string(option->value));
        }
    }
}

bool Arguments::has(std::string_view option) const {
    return options_.find(option) != options_.end();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
    std::vector<std::string> found;
    const auto range = options_.equal_range(option);
    for (auto each = range.first; each != range.second; ++each) found.push_back(each->second);
    return found;
}

std::optional<std::string> Arguments::value(std::string_view option) const {
    std::vector<std::string> all = values(option);
    if (all.empty()) return std::nullopt;
    return std::move(all.back());
}

std::optional<std::int64_t> Arguments::number(std::string_view option, std::int64_t least,
                                              std::int64_t most) const {
    const auto text = value(option);
    if (!text) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size() || number < least ||
        number > most) {
        throw UsageError("--" + std::string(option) + " is \"" + *text + "\"; " +
                         std::to_string(least) + " to " + std::to_string(most) + " is expected");
    }
    return number;
}

}  // namespace postern::cli
