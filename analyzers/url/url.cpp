#include "analyzers/url/url.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "analyzers/url/host.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

struct Special {
    std::string_view scheme;
    std::uint16_t port;
};
constexpr std::array kSpecial = {Special{"http", 80}, Special{"https", 443}, Special{"ftp", 21},
                                 Special{"ws", 80},   Special{"wss", 443},   Special{"file", 0}};

const Special* special(std::string_view scheme) {
    const auto* row = std::find_if(kSpecial.begin(), kSpecial.end(),
                                   [&](const Special& s) { return s.scheme == scheme; });
    return row == kSpecial.end() ? nullptr : row;
}

bool is_slash(char c) {
    return c == '/' || c == '\\';
}

void flag(std::vector<std::string>& flags, std::string_view name) {
    if (std::find(flags.begin(), flags.end(), name) == flags.end()) flags.emplace_back(name);
}

/// Cut to kMaxUrl, blanks around it and line breaks and tabs inside removed.
std::string tidy(std::string_view text, std::vector<std::string>& flags) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    if (text.size() > kMaxUrl) {
        text = text.substr(0, kMaxUrl);
        flag(flags, "truncated");
    }
    std::string tidied;
    tidied.reserve(text.size());
    for (const char c : text) {
        if (c == '\t' || c == '\r' || c == '\n') {
            flag(flags, "blanks");
        } else {
            tidied += c;
        }
    }
    return tidied;
}

/// Length of the scheme in front of the colon, 0 if there is none.
std::size_t scheme_length(std::string_view text) {
    if (text.empty() || !ascii_alpha(text[0])) return 0;
    std::size_t at = 1;
    while (at < text.size() &&
           (ascii_alnum(text[at]) || "+-."sv.find(text[at]) != std::string_view::npos))
        ++at;
    return at < text.size() && text[at] == ':' ? at : 0;
}

void escape_into(std::string_view text, std::string_view also, std::string& out) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7F && also.find(c) == std::string_view::npos) {
            out += c;
        } else {
            out += '%';
            out += kHex[byte >> 4U];
            out += kHex[byte & 15U];
        }
    }
}

bool is_dot(std::string_view segment) {
    return segment == "." || ascii_iequal(segment, "%2e");
}

bool is_double_dot(std::string_view segment) {
    return segment == ".." || ascii_iequal(segment, ".%2e") || ascii_iequal(segment, "%2e.") ||
           ascii_iequal(segment, "%2e%2e");
}

std::string normal_path(std::string_view text) {
    std::vector<std::string_view> segments;
    bool last = text.empty();
    if (!text.empty() && is_slash(text[0])) text.remove_prefix(1);
    while (!last) {
        const std::size_t end = std::min(text.find_first_of("/\\"), text.size());
        const std::string_view segment = text.substr(0, end);
        last = end == text.size();
        text.remove_prefix(std::min(end + 1, text.size()));
        if (is_double_dot(segment)) {
            if (!segments.empty()) segments.pop_back();
            if (last) segments.emplace_back();
        } else if (is_dot(segment)) {
            if (last) segments.emplace_back();
        } else {
            segments.push_back(segment);
        }
    }
    std::string path;
    for (const std::string_view segment : segments) {
        path += '/';
        escape_into(segment, "\"#<>?`{}", path);
    }
    return path.empty() ? "/" : path;
}

bool unreserved(char c) {
    return ascii_alnum(c) || "-._~"sv.find(c) != std::string_view::npos;
}

/// Escapes of letters, digits, "-._~" undone: two spellings of one address become one.
std::string undo_unreserved(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        // In "%4%41" the letter would make an escape of what is none.
        const bool completes = out.ends_with('%') || (out.size() > 1 && out[out.size() - 2] == '%');
        if (text[i] == '%' && i + 2 < text.size() && !completes) {
            const std::string one = undo_escapes(text.substr(i, 3));
            if (one.size() == 1 && unreserved(one[0])) {
                out += one;
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

/// Reads ":80" and drops it if it says nothing. False: no port.
bool read_port(std::string_view text, std::uint16_t usual, ParsedUrl& url) {
    std::uint32_t value = 0;
    for (const char c : text) {
        if (!ascii_digit(c)) return false;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
        if (value > 65535) return false;
    }
    if (text.empty() || value == usual) return true;
    url.port = static_cast<std::uint16_t>(value);
    flag(url.flags, "port");
    return true;
}

bool read_authority(std::string_view text, std::uint16_t usual, ParsedUrl& url) {
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        if (at > 0) flag(url.flags, "userinfo");
        text.remove_prefix(at + 1);
    }
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        if (!read_port(text.substr(colon + 1), usual, url)) return false;
        text = text.substr(0, colon);
    }
    auto host = read_host(text, url.flags);
    if (!host) return false;
    url.host = std::move(*host);
    return true;
}

void compose(ParsedUrl& url) {
    url.normalized = url.scheme + "://" + url.host;
    if (url.port) url.normalized += ':' + std::to_string(*url.port);
    url.normalized += undo_unreserved(url.path) + undo_unreserved(url.query);
}

bool read_special(std::string_view rest, const Special& kind, ParsedUrl& url) {
    const bool file = kind.port == 0;
    std::size_t slashes = 0;
    while (slashes < rest.size() && is_slash(rest[slashes])) {
        if (rest[slashes] == '\\') flag(url.flags, "backslash");
        if (file && slashes == 2) break;
        ++slashes;
    }
    rest.remove_prefix(slashes);
    std::string_view fragmentless = rest.substr(0, rest.find('#'));
    const std::size_t question = fragmentless.find('?');
    if (question != std::string_view::npos) {
        escape_into(fragmentless.substr(question), "\"<>'", url.query);
        fragmentless = fragmentless.substr(0, question);
    }
    const std::size_t end = std::min(fragmentless.find_first_of("/\\"), fragmentless.size());
    const std::string_view authority = fragmentless.substr(0, end);
    if (authority.empty() && !file) return false;
    const bool drive =
        file && authority.size() == 2 && ascii_alpha(authority[0]) && authority[1] == ':';
    if (file && (slashes < 2 || drive)) {
        url.path = normal_path(fragmentless);
    } else {
        if (!authority.empty() && !read_authority(authority, kind.port, url)) return false;
        if (file && url.host == "localhost") url.host.clear();
        url.path = normal_path(fragmentless.substr(end));
    }
    compose(url);
    return true;
}

}  // namespace

std::optional<ParsedUrl> parse_url(std::string_view text) {
    ParsedUrl url;
    const std::string tidied = tidy(text, url.flags);
    std::string_view rest = tidied;
    if (rest.starts_with("\\\\")) {  // a Windows share
        url.scheme = "file";
        return read_special(rest, *special("file"), url) ? std::optional(url) : std::nullopt;
    }
    const std::size_t length = scheme_length(rest);
    if (length == 0) return std::nullopt;
    url.scheme = ascii_lower(rest.substr(0, length));
    rest.remove_prefix(length + 1);
    if (const Special* kind = special(url.scheme)) {
        if (!read_special(rest, *kind, url)) return std::nullopt;
        return url;
    }
    url.path = rest;
    url.normalized = url.scheme + ':';
    escape_into(rest, {}, url.normalized);
    return url;
}

std::string resolve_url(std::string_view base, std::string_view reference) {
    std::vector<std::string> ignored;
    const std::string tidied = tidy(reference, ignored);
    if (scheme_length(tidied) > 0 || tidied.starts_with("\\\\")) return tidied;
    const auto parsed = parse_url(base);
    if (!parsed || parsed->host.empty()) return {};
    if (tidied.size() >= 2 && is_slash(tidied[0]) && is_slash(tidied[1])) {
        return parsed->scheme + ':' + tidied;
    }
    std::string origin = parsed->scheme + "://" + parsed->host;
    if (parsed->port) origin += ':' + std::to_string(*parsed->port);
    if (!tidied.empty() && is_slash(tidied[0])) return origin + tidied;
    if (tidied.empty() || tidied[0] == '#') return {};
    if (tidied[0] == '?') return origin + parsed->path + tidied;
    return origin + parsed->path.substr(0, parsed->path.rfind('/') + 1) + tidied;
}

bool same_site(std::string_view a, std::string_view b) {
    const auto registered = [](std::string_view host) {
        while (host.ends_with('.')) host.remove_suffix(1);
        std::size_t dots = 0;
        std::size_t labels = 2;
        for (std::size_t at = host.size(); at > 0; --at) {
            if (host[at - 1] != '.') continue;
            const std::string_view label = host.substr(at, host.find('.', at) - at);
            // "co.uk", "com.au": short names below a country belong to a registry.
            if (++dots == 2 && label.size() <= 3 && host.size() - host.rfind('.') <= 3) labels = 3;
            if (dots == labels) return host.substr(at);
        }
        return host;
    };
    return registered(a) == registered(b);
}

}  // namespace postern::analyzers
