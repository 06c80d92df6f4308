#include "gateway/relay/from_settings.hpp"

#include <string_view>

namespace postern::relay {
namespace {

TlsMode mode_of(settings::TlsUse use) {
    switch (use) {
        case settings::TlsUse::None:
            return TlsMode::None;
        case settings::TlsUse::Opportunistic:
            return TlsMode::Opportunistic;
        case settings::TlsUse::Required:
            return TlsMode::Required;
        case settings::TlsUse::Dane:
            return TlsMode::Dane;
        case settings::TlsUse::DaneOnly:
            return TlsMode::DaneOnly;
        case settings::TlsUse::Pinned:
            return TlsMode::Pinned;
    }
    return TlsMode::Required;
}

/// Hexadecimal with or without colons, checked when it was read.
std::string raw_bytes(std::string_view hex) {
    std::string raw;
    int high = -1;
    for (const char c : hex) {
        if (c == ':') continue;
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        if (high < 0) {
            high = digit;
        } else {
            raw += static_cast<char>(high * 16 + digit);
            high = -1;
        }
    }
    return raw;
}

HopSettings hop_of(const settings::NextHop& from, const std::string& helo_name) {
    HopSettings made;
    made.host = from.host;
    made.port = from.port;
    made.mx = from.mx;
    made.priority = from.priority;
    made.weight = from.weight;
    made.protocol = from.protocol == settings::HopProtocol::Lmtp ? smtp::ClientProtocol::Lmtp
                                                                 : smtp::ClientProtocol::Smtp;
    made.tls = {.mode = mode_of(from.tls),
                .verify = from.tls_verify,
                .trust = from.tls_trust,
                .name = from.tls_name};
    for (const std::string& pin : from.tls_pins) made.tls.pins.push_back(raw_bytes(pin));
    made.helo_name = helo_name;
    made.connect_timeout = from.connect_timeout;
    made.reply_timeout = from.reply_timeout;
    made.final_timeout = from.reply_timeout;
    made.max_idle = from.max_idle;
    made.idle_time = from.idle_time;
    return made;
}

}  // namespace

NextHopSettings from_settings(const settings::NextHops& next_hops, const std::string& helo_name) {
    NextHopSettings made;
    for (const settings::Route& route : next_hops.routes) {
        Route own{.domains = route.domains};
        for (const settings::NextHop& hop : route.hops) own.hops.push_back(hop_of(hop, helo_name));
        made.routes.push_back(std::move(own));
    }
    made.health.first_pause = next_hops.first_pause;
    made.health.longest_pause = next_hops.longest_pause;
    made.health.tries_while_down = next_hops.tries_while_down;
    return made;
}

}  // namespace postern::relay
