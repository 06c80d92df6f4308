#include "gateway/reputation/lists/host_name.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::reputation {
namespace {

constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxTyped = 1024;  ///< bytes before conversion

bool is_name(std::string_view host) {
    if (host.empty() || host.size() > kMaxHost) return false;
    std::size_t label = 0;
    for (const char c : host) {
        if (c == '.') {
            if (label == 0) return false;
            label = 0;
        } else if (!(ascii_alnum(c) || c == '-' || c == '_') || ++label > kMaxLabel) {
            return false;
        }
    }
    return label > 0;
}

std::optional<std::string> to_a_labels(const std::string& host) {
    char* made = nullptr;
    const int result =
        ::idn2_to_ascii_8z(host.c_str(), &made, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    const std::unique_ptr<char, void (*)(void*)> owned(made, ::idn2_free);
    if (result != IDN2_OK || !owned) return std::nullopt;
    return std::string(owned.get());
}

}  // namespace

std::optional<std::string> ascii_host(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.size() > kMaxTyped || host.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    std::string name(host);
    if (std::any_of(name.begin(), name.end(), [](char c) { return (c & '\x80') != 0; })) {
        auto converted = to_a_labels(name);
        if (!converted) return std::nullopt;
        name = std::move(*converted);
    }
    name = ascii_lower(name);
    // A top-level domain is never a number: what ends so is an address, or means to pass for one.
    if (!is_name(name) || ascii_digit(name.at(name.rfind('.') + 1)) ||
        mail::IpAddress::parse(name)) {
        return std::nullopt;
    }
    return name;
}

}  // namespace postern::reputation
