#pragma once

/// @file A harmless string that only our own signature matches: what shows that scanning works.

#include <string>
#include <string_view>

#include "analyzers/base/bytes.hpp"

namespace postern::analyzers::clamav {

inline constexpr std::string_view kCanaryName = "Postern.Canary";

/// 32 bytes nobody else can know: made anew for each engine, so that no mail can carry them.
[[nodiscard]] std::string make_canary();
/// The line of a signature file (*.ndb) that finds it.
[[nodiscard]] std::string canary_signature(std::string_view canary);
/// A zip with one stored member that is `content`.
[[nodiscard]] std::string zip_of(std::string_view content);
/// A mail with one base64 attachment that is `content`.
[[nodiscard]] std::string mail_of(std::string_view content);

}  // namespace postern::analyzers::clamav
