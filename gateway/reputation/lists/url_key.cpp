#include "gateway/reputation/lists/url_key.hpp"

#include <algorithm>
#include <charconv>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/ip_address.hpp"
#include "gateway/reputation/lists/host_name.hpp"

namespace postern::reputation {
namespace {

struct Authority {
    std::string host;
    std::string port;
};

int digit(char c) {
    const char lower = ascii_lower(c);
    if (ascii_digit(lower)) return lower - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool unreserved(char c) {
    return ascii_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::optional<std::string> canonical_rest(std::string_view rest) {
    std::string out;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const char c = rest[i];
        if (c <= ' ' && c >= 0) return std::nullopt;
        if (c != '%') {
            out += c;
            continue;
        }
        if (i + 2 >= rest.size() || digit(rest[i + 1]) < 0 || digit(rest[i + 2]) < 0) {
            out += "%25";  // or undoing what follows could make an escape of it
            continue;
        }
        const char byte = static_cast<char>(digit(rest[i + 1]) * 16 + digit(rest[i + 2]));
        if (unreserved(byte)) {
            out += byte;
        } else {
            out += '%';
            for (const std::size_t at : {i + 1, i + 2}) {
                const char lower = ascii_lower(rest[at]);
                out += lower >= 'a' ? static_cast<char>(lower - 'a' + 'A') : lower;
            }
        }
        i += 2;
    }
    return out;
}

std::optional<Authority> read_authority(std::string_view text) {
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        text.remove_prefix(at + 1);
    }
    Authority made;
    const std::size_t closing = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    const std::size_t colon = text.find(':', closing == std::string_view::npos ? 0 : closing);
    std::string_view host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
        const std::string_view port = text.substr(colon + 1);
        unsigned number = 0;
        const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
        if (!port.empty() &&
            (read.ec != std::errc() || read.ptr != port.data() + port.size() || number > 65535)) {
            return std::nullopt;
        }
        if (!port.empty()) made.port = std::to_string(number);
    }
    if (host.size() > 2 && host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        const auto address = mail::IpAddress::parse(host);
        if (!address || host.find(':') == std::string_view::npos) return std::nullopt;
        made.host = "[" + address->text() + "]";
        return made;
    }
    if (const auto address = mail::IpAddress::parse(host)) {
        if (!address->is_v4()) return std::nullopt;
        made.host = address->text();
        return made;
    }
    auto name = ascii_host(host);
    if (!name) return std::nullopt;
    made.host = std::move(*name);
    return made;
}

}  // namespace

std::optional<std::string> url_key(std::string_view url) {
    if (url.size() > kMaxUrlKey) return std::nullopt;
    std::string scheme = "http";
    bool bare = true;
    if (const std::size_t colon = url.find("://");
        colon != std::string_view::npos && colon > 0 && colon < 16 &&
        std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon),
                    [](char c) { return ascii_alnum(c) || c == '+' || c == '-' || c == '.'; })) {
        scheme = ascii_lower(url.substr(0, colon));
        url.remove_prefix(colon + 3);
        bare = false;
    }
    url = url.substr(0, url.find('#'));
    const std::size_t end = std::min(url.find_first_of("/?\\"), url.size());
    // "mailto:a@b.example" is no page.
    if (bare && url.substr(0, end).find('@') != std::string_view::npos) return std::nullopt;
    auto authority = read_authority(url.substr(0, end));
    auto rest = canonical_rest(url.substr(end));
    if (!authority || !rest) return std::nullopt;
    if (!rest->starts_with('/')) rest->insert(0, "/");
    const bool web = scheme == "http" || scheme == "https";
    const bool own_port = (scheme == "http" && authority->port == "80") ||
                          (scheme == "https" && authority->port == "443");
    // The one case where leaving "https" out would make the port mean something else.
    const bool odd = scheme == "https" && authority->port == "80";
    std::string key = web && !odd ? "" : scheme + "://";
    key += authority->host;
    if (!authority->port.empty() && !own_port) key += ":" + authority->port;
    key += *rest;
    if (key.size() > kMaxUrlKey) return std::nullopt;
    return key;
}

std::string_view without_query(std::string_view key) {
    const std::size_t query = key.find('?');
    return query == std::string_view::npos ? std::string_view() : key.substr(0, query);
}

}  // namespace postern::reputation
