#pragma once

/// @file Constant bytes at a constant place.

#include <cstddef>
#include <span>
#include <string_view>

namespace postern::analyzers {

struct Signature {
    std::size_t offset;
    std::string_view bytes;
    std::string_view type;
};

/// In order of preference.
[[nodiscard]] std::span<const Signature> signatures();

}  // namespace postern::analyzers
