#pragma once

/// @file Plain text: its URLs, and files that are written into it.

#include <string_view>
#include <vector>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// "text", "csv", "ics", "vcard", and what is script or setting.
[[nodiscard]] bool text_accepts(std::string_view type);

/// `text` is the artifact as UTF-8; its URLs, and blocks of uuencode, yEnc, BinHex and base64 as
/// children (Relation::Decoded).
[[nodiscard]] Analysis text_analyze(const Artifact& artifact, Budget& budget);

inline constexpr Analyzer kTextAnalyzer{"text", text_accepts, text_analyze};

inline constexpr std::size_t kMaxTextUrls = 1000;  ///< in one text; more are a LimitHit

/// What a mail program would make a link of, in order, without duplicates, at most `limit` + 1:
/// "scheme://...", "www....", and bare names under well-known top-level domains. `text` is UTF-8.
[[nodiscard]] std::vector<FoundUrl> find_text_urls(std::string_view text, std::string_view where,
                                                   std::size_t limit);

}  // namespace postern::analyzers
