#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

/// Text somebody else wrote, made safe to store and show: valid UTF-8 (bad bytes become U+FFFD), no
/// control characters, no line breaks, no bidirectional or invisible formatting, at most `limit`
/// bytes (cut at a character, "…" appended inside the limit).
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t limit);

/// The same, but keeps line feeds and tabs (CR LF becomes LF).
[[nodiscard]] std::string clean_lines(std::string_view text, std::size_t limit);

/// True when every byte is part of well-formed UTF-8 (RFC 3629: shortest form, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace postern
