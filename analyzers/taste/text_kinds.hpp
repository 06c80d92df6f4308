#pragma once

/// @file Kinds of text: mail, markup, scripts. None of them has a signature worth the name.

#include <string>
#include <string_view>

namespace postern::analyzers {

/// The beginning of `bytes` as text with UTF-16 (by its byte order mark, or by every second byte
/// being NUL) reduced to what ASCII can hold and a UTF-8 mark dropped. Empty: this is no text.
[[nodiscard]] std::string text_head(std::string_view bytes);

/// "mail" for a header block as RFC 5322 has it with at least two fields that mail has; "mbox" if
/// a "From " line comes first; else kData.
[[nodiscard]] std::string_view mail_kind(std::string_view head);

/// html, svg, xml and what is written in XML; else kData.
[[nodiscard]] std::string_view markup_kind(std::string_view head, std::string_view name);

/// Scripts and shortcuts, by what is in them, or by a telling name; else kData.
[[nodiscard]] std::string_view script_kind(std::string_view head, std::string_view name);

/// Encodings and data formats that begin with a telling line; else kData.
[[nodiscard]] std::string_view line_kind(std::string_view head);

/// "js" for "a.b.JS"; empty if there is none.
[[nodiscard]] std::string extension_of(std::string_view name);

}  // namespace postern::analyzers
