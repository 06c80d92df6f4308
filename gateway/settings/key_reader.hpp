#pragma once

/// @file Takes keys out of a TOML document one by one, checks each, and knows at the end which ones
/// nobody asked for. Private to this folder: toml++ stays in key_reader.cpp.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/settings/settings.hpp"

namespace postern::settings {

template <class E>
struct Choice {
    std::string_view word;
    E value;
};

class KeyReader {
public:
    /// Throws ConfigError when `toml` is not TOML.
    KeyReader(std::string_view toml, std::string source);
    ~KeyReader();
    KeyReader(const KeyReader&) = delete;
    KeyReader& operator=(const KeyReader&) = delete;

    // Each reads `key` ("smtp.hostname") into `value`, which holds the default; throws ConfigError
    // on a wrong type or a value out of range.
    void text(std::string_view key, std::string& value);
    void flag(std::string_view key, bool& value);
    void number(std::string_view key, double& value, double least, double most);
    template <class Integer>
    void integer(std::string_view key, Integer& value, std::uint64_t least, std::uint64_t most) {
        value = static_cast<Integer>(read_integer(key, value, least, most));
    }
    template <class Integer>
    void size(std::string_view key, Integer& value, std::uint64_t least, std::uint64_t most) {
        value = static_cast<Integer>(read_size(key, value, least, most));
    }
    void duration(std::string_view key, std::chrono::milliseconds& value,
                  std::chrono::milliseconds least, std::chrono::milliseconds most);
    /// A list of texts; a single text where `or_text` is set.
    void list(std::string_view key, std::vector<std::string>& value, bool or_text = false);
    template <class E, std::size_t N>
    void choice(std::string_view key, E& value, const Choice<E> (&choices)[N]) {
        std::vector<std::string_view> words;
        std::size_t chosen = 0;
        for (const Choice<E>& each : choices) {
            if (each.value == value) chosen = words.size();
            words.push_back(each.word);
        }
        value = choices[read_word(key, words, chosen)].value;
    }

    /// Whatever stands there, unchecked but for its type. The key has to be there.
    [[nodiscard]] RawOption raw(std::string_view key);
    /// All keys of the table `key`, in order; empty when there is none.
    [[nodiscard]] std::vector<std::string> members(std::string_view key) const;
    /// "FILE:LINE", or "default".
    [[nodiscard]] std::string origin(std::string_view key) const;

    /// Names of the sub-tables of `key`, in order; empty when there are none.
    [[nodiscard]] std::vector<std::string> tables(std::string_view key);
    /// How many tables the array `key` has; each is then read as "key[0].name".
    [[nodiscard]] std::size_t count(std::string_view key);
    [[nodiscard]] bool has(std::string_view key) const;

    /// Throws ConfigError about `key`, with its line.
    [[noreturn]] void fail(std::string_view key, const std::string& sentence) const;
    /// Throws ConfigError on the first key that was never read.
    void refuse_unknown() const;
    [[nodiscard]] std::vector<Effective> take_effective();

private:
    std::uint64_t read_integer(std::string_view key, std::uint64_t value, std::uint64_t least,
                               std::uint64_t most);
    std::uint64_t read_size(std::string_view key, std::uint64_t value, std::uint64_t least,
                            std::uint64_t most);
    std::size_t read_word(std::string_view key, const std::vector<std::string_view>& words,
                          std::size_t chosen);
    void note(std::string_view key, std::string value);

    struct Document;
    std::unique_ptr<Document> document_;
    std::string source_;
    std::vector<Effective> effective_;
};

}  // namespace postern::settings
