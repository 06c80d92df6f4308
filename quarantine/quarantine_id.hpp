#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"

namespace postern::quarantine {

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using UnixMs = std::int64_t;

/// The system clock, now.
[[nodiscard]] UnixMs now_ms();

enum class IdError : std::uint8_t { Length, Alphabet, Overflow };

/// A ULID: 48 bits of milliseconds, then 80 random bits, as 26 characters of Crockford's base 32 in
/// upper case. Ids sort by the time they were made. Only parse() and make() yield one, so it is
/// safe in a path, a URL, a header and a log line.
class QuarantineId {
public:
    /// Accepts either letter case; rejects I, L, O, U and what does not fit in 128 bits.
    [[nodiscard]] static Outcome<QuarantineId, IdError> parse(std::string_view text);
    /// A new id with the system's random bits. `now` must not be negative.
    [[nodiscard]] static QuarantineId make(UnixMs now = now_ms());

    [[nodiscard]] const std::string& text() const { return text_; }
    /// The time the id was made.
    [[nodiscard]] UnixMs time() const;

    friend auto operator<=>(const QuarantineId&, const QuarantineId&) = default;

private:
    explicit QuarantineId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace postern::quarantine
