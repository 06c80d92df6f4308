#include "gateway/settings/key_reader.hpp"

#include <toml++/toml.h>
#include <set>
#include <utility>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/quantity.hpp"
#include "gateway/settings/stray_text.hpp"

namespace postern::settings {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string kind_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::string:
            return "a text";
        case toml::node_type::integer:
            return "a whole number";
        case toml::node_type::floating_point:
            return "a number";
        case toml::node_type::boolean:
            return "true or false";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::table:
            return "a table";
        default:
            return "a date or time";
    }
}

std::string shortest(double value) {
    std::string text = std::to_string(value);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text += '0';
    return text;
}

}  // namespace

struct KeyReader::Document {
    toml::table root;
    std::set<std::string, std::less<>> read;

    [[nodiscard]] const toml::node* find(std::string_view key) const {
        return root.at_path(key).node();
    }
};

KeyReader::KeyReader(std::string_view toml, std::string source)
    : document_(std::make_unique<Document>()), source_(std::move(source)) {
    if (const auto line = stray_text(toml)) {
        throw ConfigError(source_ + ":" + std::to_string(*line) +
                          ": this is not TOML: a character that is not ASCII stands outside of "
                          "quotes and comments; put it in quotes");
    }
    try {
        document_->root = toml::parse(toml, std::string_view(source_));
    } catch (const toml::parse_error& error) {
        throw ConfigError(source_ + ":" + std::to_string(error.source().begin.line) +
                          ": this is not TOML: " + std::string(error.description()));
    }
}

KeyReader::~KeyReader() = default;

bool KeyReader::has(std::string_view key) const {
    return document_->find(key) != nullptr;
}

void KeyReader::fail(std::string_view key, const std::string& sentence) const {
    const toml::node* node = document_->find(key);
    const std::string where =
        node == nullptr ? source_ : source_ + ":" + std::to_string(node->source().begin.line);
    throw ConfigError(where + ": " + std::string(key) + " " + sentence);
}

void KeyReader::note(std::string_view key, std::string value) {
    document_->read.emplace(key);
    effective_.push_back({std::string(key), std::move(value), origin(key)});
}

std::string KeyReader::origin(std::string_view key) const {
    const toml::node* node = document_->find(key);
    return node == nullptr ? "default" : source_ + ":" + std::to_string(node->source().begin.line);
}

void KeyReader::text(std::string_view key, std::string& value) {
    if (const toml::node* node = document_->find(key)) {
        if (!node->is_string()) fail(key, "is " + kind_of(*node) + "; a text is expected");
        value = node->as_string()->get();
        if (value.find('\0') != std::string::npos) fail(key, "holds a NUL character");
    }
    note(key, quoted(value));
}

void KeyReader::flag(std::string_view key, bool& value) {
    if (const toml::node* node = document_->find(key)) {
        if (!node->is_boolean()) {
            fail(key, "is " + kind_of(*node) + "; true or false is expected");
        }
        value = node->as_boolean()->get();
    }
    note(key, value ? "true" : "false");
}

void KeyReader::number(std::string_view key, double& value, double least, double most) {
    if (const toml::node* node = document_->find(key)) {
        const auto read = node->value<double>();
        if (!read || !node->is_number()) {
            fail(key, "is " + kind_of(*node) + "; a number is expected");
        }
        if (!(*read >= least && *read <= most)) {
            fail(key, "is " + shortest(*read) + "; " + shortest(least) + " to " + shortest(most) +
                          " is expected");
        }
        value = *read;
    }
    note(key, shortest(value));
}

std::uint64_t KeyReader::read_integer(std::string_view key, std::uint64_t value,
                                      std::uint64_t least, std::uint64_t most) {
    if (const toml::node* node = document_->find(key)) {
        if (!node->is_integer()) fail(key, "is " + kind_of(*node) + "; a whole number is expected");
        const std::int64_t read = node->as_integer()->get();
        if (read < 0 || std::cmp_less(read, least) || std::cmp_greater(read, most)) {
            fail(key, "is " + std::to_string(read) + "; " + std::to_string(least) + " to " +
                          std::to_string(most) + " is expected");
        }
        value = static_cast<std::uint64_t>(read);
    }
    note(key, std::to_string(value));
    return value;
}

std::uint64_t KeyReader::read_size(std::string_view key, std::uint64_t value, std::uint64_t least,
                                   std::uint64_t most) {
    if (const toml::node* node = document_->find(key)) {
        const auto read = node->is_string() ? parse_size(node->as_string()->get()) : std::nullopt;
        if (!read) fail(key, "is no size; a text like \"50MiB\" is expected");
        if (*read < least || *read > most) {
            fail(key, "is " + format_size(*read) + "; " + format_size(least) + " to " +
                          format_size(most) + " is expected");
        }
        value = *read;
    }
    note(key, quoted(format_size(value)));
    return value;
}

void KeyReader::duration(std::string_view key, std::chrono::milliseconds& value,
                         std::chrono::milliseconds least, std::chrono::milliseconds most) {
    if (const toml::node* node = document_->find(key)) {
        const auto read =
            node->is_string() ? parse_duration(node->as_string()->get()) : std::nullopt;
        if (!read) fail(key, "is no duration; a text like \"30s\" is expected");
        if (*read < least || *read > most) {
            fail(key, "is " + format_duration(*read) + "; " + format_duration(least) + " to " +
                          format_duration(most) + " is expected");
        }
        value = *read;
    }
    note(key, quoted(format_duration(value)));
}

void KeyReader::list(std::string_view key, std::vector<std::string>& value, bool or_text) {
    if (const toml::node* node = document_->find(key)) {
        const std::string expected =
            or_text ? "a text or a list of texts is expected" : "a list of texts is expected";
        if (or_text && node->is_string()) {
            value = {node->as_string()->get()};
        } else if (const toml::array* array = node->as_array()) {
            value.clear();
            for (const toml::node& each : *array) {
                if (!each.is_string()) fail(key, "holds " + kind_of(each) + "; " + expected);
                value.push_back(each.as_string()->get());
            }
        } else {
            fail(key, "is " + kind_of(*node) + "; " + expected);
        }
    }
    std::string shown = "[";
    for (const std::string& each : value) shown += (shown.size() > 1 ? ", " : "") + quoted(each);
    note(key, shown + "]");
}

RawOption KeyReader::raw(std::string_view key) {
    const toml::node& node = *document_->find(key);
    RawOption read{{}, origin(key)};
    if (node.is_string()) {
        std::string words;
        text(key, words);
        read.value = std::move(words);
    } else if (node.is_boolean()) {
        bool value = false;
        flag(key, value);
        read.value = value;
    } else if (node.is_integer()) {
        const std::int64_t value = node.as_integer()->get();
        note(key, std::to_string(value));
        read.value = value;
    } else if (node.is_floating_point()) {
        const double value = node.as_floating_point()->get();
        note(key, shortest(value));
        read.value = value;
    } else if (node.is_array()) {
        std::vector<std::string> texts;
        list(key, texts);
        read.value = std::move(texts);
    } else {
        fail(key, "is " + kind_of(node) + "; a text, a number, true, false or a list is expected");
    }
    return read;
}

std::vector<std::string> KeyReader::members(std::string_view key) const {
    std::vector<std::string> names;
    const toml::node* node = document_->find(key);
    if (node == nullptr || !node->is_table()) return names;
    for (const auto& entry : *node->as_table()) names.emplace_back(entry.first.str());
    return names;
}

std::size_t KeyReader::read_word(std::string_view key, const std::vector<std::string_view>& words,
                                 std::size_t chosen) {
    if (const toml::node* node = document_->find(key)) {
        const std::string read = node->is_string() ? node->as_string()->get() : kind_of(*node);
        std::string expected;
        bool found = false;
        for (std::size_t i = 0; i < words.size(); ++i) {
            expected += (i == 0 ? "" : ", ") + quoted(words[i]);
            if (node->is_string() && words[i] == read) {
                chosen = i;
                found = true;
            }
        }
        if (!found) fail(key, "is " + quoted(read) + "; one of " + expected + " is expected");
    }
    note(key, quoted(words[chosen]));
    return chosen;
}

std::vector<std::string> KeyReader::tables(std::string_view key) {
    std::vector<std::string> names;
    const toml::node* node = document_->find(key);
    if (node == nullptr) return names;
    if (!node->is_table()) fail(key, "is " + kind_of(*node) + "; tables are expected");
    for (const auto& entry : *node->as_table()) {
        if (!entry.second.is_table()) {
            fail(std::string(key) + "." + std::string(entry.first.str()),
                 "is " + kind_of(entry.second) + "; a table is expected");
        }
        names.emplace_back(entry.first.str());
    }
    return names;
}

std::size_t KeyReader::count(std::string_view key) {
    const toml::node* node = document_->find(key);
    if (node == nullptr) return 0;
    if (!node->is_array_of_tables()) {
        fail(key, "is " + kind_of(*node) + "; [[" + std::string(key) + "]] tables are expected");
    }
    return node->as_array()->size();
}

namespace {

using Unread = std::function<void(const std::string& key)>;

void walk(const toml::node& node, const std::string& key,
          const std::set<std::string, std::less<>>& read, const Unread& unread) {
    if (!key.empty() && read.contains(key)) return;
    if (const toml::table* table = node.as_table()) {
        for (const auto& entry : *table) {
            const std::string name(entry.first.str());
            walk(entry.second, key.empty() ? name : key + "." + name, read, unread);
        }
    } else if (const toml::array* array = node.as_array(); array && node.is_array_of_tables()) {
        for (std::size_t i = 0; i < array->size(); ++i) {
            walk(*array->get(i), key + "[" + std::to_string(i) + "]", read, unread);
        }
    } else {
        unread(key);
    }
}

}  // namespace

void KeyReader::refuse_unknown() const {
    walk(document_->root, "", document_->read, [this](const std::string& key) {
        fail(key, "is no key Postern knows; `postern config show` lists them all");
    });
}

std::vector<Effective> KeyReader::take_effective() {
    return std::exchange(effective_, {});
}

}  // namespace postern::settings
