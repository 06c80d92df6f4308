#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace postern::settings {

/// The line, from 1, of the first byte above 127 that stands outside of strings and comments, where
/// TOML 1.0 has no place for one; nullopt: there is none. Asked before toml++ 3.3 reads the text:
/// its table of blanks leaves the path of defined behaviour on such bytes. That counts as well for
/// one right behind the blanks that a "\" at a line's end joins in a """ string.
[[nodiscard]] std::optional<std::size_t> stray_text(std::string_view toml);

}  // namespace postern::settings
