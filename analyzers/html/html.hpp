#pragma once

/// @file HTML and SVG: links, readable text, and what is written into them.

#include <string_view>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// "html", "svg", "hta".
[[nodiscard]] bool html_accepts(std::string_view type);

/// Links of every attribute that loads or leads somewhere, of styles, of comments too (mail
/// programs read conditional ones), of event handlers and scripts as far as they are plain; the
/// text a reader sees; scripts, "srcdoc" and "data:" contents as children (Relation::Decoded).
/// Linear in the size.
[[nodiscard]] Analysis html_analyze(const Artifact& artifact, Budget& budget);

inline constexpr Analyzer kHtmlAnalyzer{"html", html_accepts, html_analyze};

inline constexpr std::size_t kMaxHtmlUrls = 2000;     ///< of one document; more are a LimitHit
inline constexpr std::size_t kMaxHtmlChildren = 200;  ///< scripts and data: contents, likewise

}  // namespace postern::analyzers
