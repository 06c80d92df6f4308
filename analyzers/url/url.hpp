#pragma once

/// @file What a URL leads to, as browsers read it (the WHATWG URL standard, for http, https, ftp,
/// ws, wss and file), and what is odd about it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

inline constexpr std::size_t kMaxUrl = 4096;  ///< bytes of one URL that are looked at

struct ParsedUrl {
    std::string scheme;  ///< lower case
    std::string host;    ///< ASCII, lower case, IP addresses in their usual form; may be empty
    std::optional<std::uint16_t> port;  ///< if it is not the scheme's own
    std::string path;   ///< "/a/b", dots resolved; what follows the scheme where no host may be
    std::string query;  ///< with its "?"; may be empty
    std::string normalized;  ///< scheme, host, port, path and query; escapes of unreserved undone
    /// "ip-host", "obscured-ip", "userinfo", "port", "punycode", "non-ascii", "backslash",
    /// "blanks", "truncated"; without duplicates.
    std::vector<std::string> flags;
};

/// nullopt if `text` is no absolute URL, or no browser would follow it.
[[nodiscard]] std::optional<ParsedUrl> parse_url(std::string_view text);

/// `reference` as it stands in a document at `base`: absolute references are returned as they are,
/// "//host/x", "/x", "?x" and "x" are completed. Empty if that cannot be done.
[[nodiscard]] std::string resolve_url(std::string_view base, std::string_view reference);

/// True if hosts `a` and `b` plainly belong together: equal, or with the same registered domain as
/// far as that can be told without the list of public suffixes.
[[nodiscard]] bool same_site(std::string_view a, std::string_view b);

}  // namespace postern::analyzers
