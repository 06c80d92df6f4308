#include "gateway/state/redis/address.hpp"

#include <netdb.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "gateway/mail/ip_address.hpp"

namespace postern::state {
namespace {

constexpr std::string_view kTcp = "redis://";
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMaxHost = 253;
constexpr std::uint32_t kMaxDatabase = 1'000'000;

template <class Integer>
std::optional<Integer> number(std::string_view text, Integer most) {
    Integer value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (text.empty() || read.ec != std::errc() || read.ptr != end || value > most) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> decode(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        unsigned code = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const char* end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, code, 16);
        if (digits.size() != 2 || read.ec != std::errc() || read.ptr != end) return std::nullopt;
        plain += static_cast<char>(static_cast<unsigned char>(code));
        i += 2;
    }
    return plain;
}

/// Takes "user:password@" off the front. False: it is there and wrong.
bool take_credentials(std::string_view& rest, RedisAddress& address) {
    const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
    if (at == std::string_view::npos) return true;
    const std::string_view both = rest.substr(0, at);
    const std::size_t colon = both.find(':');
    if (colon == std::string_view::npos) return false;
    const auto user = decode(both.substr(0, colon));
    const auto password = decode(both.substr(colon + 1));
    if (!user || !password || password->empty()) return false;
    address.user = *user;
    address.password = *password;
    rest.remove_prefix(at + 1);
    return true;
}

constexpr const char* kBadCredentials =
    "has something in front of \"@\" that is no \"user:password\"; write \":\", \"@\", \"/\" and "
    "\"%\" in them as %3A, %40, %2F and %25";

Outcome<RedisAddress, std::string> parse_tcp(std::string_view rest) {
    RedisAddress address;
    if (!take_credentials(rest, address)) return Failure{std::string(kBadCredentials)};
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos && slash + 1 < rest.size()) {
        const auto database = number<std::uint32_t>(rest.substr(slash + 1), kMaxDatabase);
        if (!database) return Failure{std::string("has a database that is no number")};
        address.database = *database;
    }
    std::string_view place = rest.substr(0, slash);
    const bool bracketed = place.starts_with('[');
    const std::size_t close = place.find(']');
    if (bracketed && close == std::string_view::npos) {
        return Failure{std::string("has an address without \"]\"")};
    }
    const std::size_t colon = place.find(':', bracketed ? close : 0);
    if (colon != std::string_view::npos) {
        const auto port = number<std::uint16_t>(place.substr(colon + 1), 65535);
        if (!port || *port == 0) {
            return Failure{std::string("has a port that is not within 1 to 65535")};
        }
        address.port = *port;
        place = place.substr(0, colon);
    }
    if (bracketed && place.size() != close + 1) {
        return Failure{std::string("has something behind \"]\" that is no port")};
    }
    address.host = bracketed ? place.substr(1, close - 1) : place;
    if (bracketed &&
        (address.host.find(':') == std::string::npos || !mail::IpAddress::parse(address.host))) {
        return Failure{std::string("has something within \"[]\" that is no IPv6 address")};
    }
    if (address.host.empty() || address.host.size() > kMaxHost) {
        return Failure{std::string("names no host")};
    }
    return address;
}

Outcome<RedisAddress, std::string> parse_unix(std::string_view rest) {
    RedisAddress address;
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        if (!take_credentials(rest, address)) return Failure{std::string(kBadCredentials)};
    }
    constexpr std::string_view kDatabase = "?db=";
    const std::size_t query = rest.find('?');
    if (query != std::string_view::npos) {
        const std::string_view asked = rest.substr(query);
        const auto database =
            asked.starts_with(kDatabase)
                ? number<std::uint32_t>(asked.substr(kDatabase.size()), kMaxDatabase)
                : std::nullopt;
        if (!database) return Failure{std::string("has a \"?\" without \"db=\" and a number")};
        address.database = *database;
        rest = rest.substr(0, query);
    }
    if (!rest.starts_with('/') || rest.size() >= sizeof(sockaddr_un::sun_path)) {
        return Failure{std::string("names no absolute path of at most 107 bytes")};
    }
    address.path = rest;
    return address;
}

}  // namespace

std::string RedisAddress::text() const {
    const std::string number = std::to_string(database);
    if (host.empty()) return "unix://" + path + "?db=" + number;
    const bool v6 = host.find(':') != std::string::npos;
    return "redis://" + (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port) + '/' + number;
}

Outcome<RedisAddress, std::string> parse_redis_url(std::string_view url) {
    if (url.find('\0') != std::string_view::npos) return Failure{std::string("holds a NUL")};
    if (url.starts_with("rediss:")) {
        return Failure{std::string(
            "asks for TLS, which is not spoken to Redis; use a UNIX socket or a tunnel")};
    }
    if (url.starts_with(kTcp)) return parse_tcp(url.substr(kTcp.size()));
    if (url.starts_with(kUnix)) return parse_unix(url.substr(kUnix.size()));
    return Failure{std::string("begins with neither \"redis://\" nor \"unix:\"")};
}

Outcome<std::vector<SocketAddress>, std::string> resolve(const RedisAddress& address) {
    std::vector<SocketAddress> found;
    if (address.host.empty()) {
        sockaddr_un path{};
        path.sun_family = AF_UNIX;
        std::memcpy(path.sun_path, address.path.data(),
                    std::min(address.path.size(), sizeof path.sun_path - 1));
        SocketAddress& one = found.emplace_back();
        std::memcpy(&one.storage, &path, sizeof path);
        one.length = sizeof path;
        return found;
    }
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* answer = nullptr;
    const int code =
        ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &answer);
    if (code != 0) return Failure{std::string(::gai_strerror(code))};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(answer, &::freeaddrinfo);
    for (const addrinfo* each = answer; each != nullptr; each = each->ai_next) {
        if (each->ai_addrlen > sizeof(sockaddr_storage)) continue;
        SocketAddress& one = found.emplace_back();
        std::memcpy(&one.storage, each->ai_addr, each->ai_addrlen);
        one.length = each->ai_addrlen;
    }
    return found;
}

}  // namespace postern::state
