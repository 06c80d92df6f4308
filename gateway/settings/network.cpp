#include "gateway/settings/network.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstdint>

namespace postern::settings {
namespace {

bool is_network(const std::string& text) {
    const std::size_t slash = text.find('/');
    const std::string base = text.substr(0, slash);
    const bool v6 = base.find(':') != std::string::npos;
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(v6 ? AF_INET6 : AF_INET, base.c_str(), bytes.data()) != 1) return false;
    if (slash == std::string::npos) return true;
    const std::string prefix = text.substr(slash + 1);
    if (prefix.empty() || prefix.size() > 3 ||
        prefix.find_first_not_of("0123456789") != std::string::npos) {
        return false;
    }
    const std::size_t length = std::stoul(prefix);
    const std::size_t whole = v6 ? 128 : 32;
    if (length > whole) return false;
    for (std::size_t bit = length; bit < whole; ++bit) {
        if ((bytes.at(bit / 8) & (0x80U >> bit % 8)) != 0) return false;
    }
    return true;
}

}  // namespace

void read_networks(KeyReader& keys, std::string_view key, std::vector<std::string>& values) {
    keys.list(key, values);
    for (const std::string& value : values) {
        if (is_network(value)) continue;
        keys.fail(key, "holds \"" + value +
                           "\"; an address or a network like \"192.0.2.0/24\" is expected");
    }
}

}  // namespace postern::settings
