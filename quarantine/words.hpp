#pragma once

/// @file Enumerations as the words that the database and the JSON interface use for them.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace postern::quarantine {

template <std::size_t N>
using Words = std::array<std::string_view, N>;

/// The enumerator whose place in `words` is `text`'s.
template <class Enum, std::size_t N>
std::optional<Enum> from_word(const Words<N>& words, std::string_view text) {
    for (std::size_t i = 0; i < N; ++i) {
        if (words.at(i) == text) return static_cast<Enum>(i);
    }
    return std::nullopt;
}

template <class Enum, std::size_t N>
std::string_view to_word(const Words<N>& words, Enum value) {
    return words.at(static_cast<std::size_t>(value));
}

}  // namespace postern::quarantine
