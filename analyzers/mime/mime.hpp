#pragma once

/// @file Internet mail (RFC 5322, RFC 2045 to 2049) of any quality, read as every mail program
/// might read it.

#include <string_view>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// "mail" and "mbox".
[[nodiscard]] bool mime_accepts(std::string_view type);

/// Every leaf part becomes a child (Relation::Part), decoded, with the name, media type and charset
/// its header says. Where mail programs differ, each reading's parts are children too, with the
/// flag "alternate-reading", and MIME_AMBIGUOUS says what they differ on. Messages inside messages
/// are children of type "mail". `message` is set at depth 0.
[[nodiscard]] Analysis mime_analyze(const Artifact& artifact, Budget& budget);

inline constexpr Analyzer kMimeAnalyzer{"mime", mime_accepts, mime_analyze};

// Limits of one mail; beyond them a LimitHit says so.
inline constexpr std::size_t kMaxNesting = 40;     ///< multiparts inside multiparts
inline constexpr std::size_t kMaxFields = 10000;   ///< in one header block
inline constexpr std::size_t kMaxParts = 2000;     ///< of one mail, all readings together
inline constexpr std::size_t kMaxBoundaries = 16;  ///< undeclared boundaries that are tried

}  // namespace postern::analyzers
