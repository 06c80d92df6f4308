#include "web/session/cookie.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::web {
namespace {

constexpr std::size_t kTokenLength = 64;
constexpr std::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool token_shaped(std::string_view text) {
    return text.size() == kTokenLength && std::all_of(text.begin(), text.end(), ascii_alnum);
}

}  // namespace

std::string session_token(const Request& request) {
    std::string token;
    for (const auto& [name, value] : request.headers) {
        if (!ascii_iequal(name, "Cookie")) continue;
        for (std::string_view rest = value; !rest.empty();) {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            const std::string_view pair = trimmed(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (!pair.starts_with(kSessionCookie)) continue;
            const std::string_view after = pair.substr(kSessionCookie.size());
            if (after.empty() || after.front() != '=') continue;
            if (!token.empty()) return {};  // two sessions: whose request would it be?
            token = after.substr(1);
        }
    }
    return token_shaped(token) ? token : std::string{};
}

std::string session_cookie(std::string_view token, std::chrono::seconds lifetime) {
    return std::string(kSessionCookie) + "=" + std::string(token) + std::string(kAttributes) +
           std::to_string(lifetime.count());
}

std::string ended_session_cookie() {
    return std::string(kSessionCookie) + "=" + std::string(kAttributes) + "0";
}

std::string csrf_token(std::string_view token) {
    return sha256_hex(as_bytes("postern csrf " + std::string(token)));
}

bool csrf_token_right(const Request& request, std::string_view token) {
    const std::string right = csrf_token(token);
    const std::string_view given = request.header(kCsrfField);
    return request.header_count(kCsrfField) == 1 && given.size() == right.size() &&
           CRYPTO_memcmp(given.data(), right.data(), right.size()) == 0;
}

}  // namespace postern::web
