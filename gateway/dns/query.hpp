#pragma once

/// @file One question as a packet.

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/dns/resolver.hpp"

namespace postern::dns {

/// Size of UDP answer we say we take: fits an IPv6 packet without fragments (DNS flag day 2020).
constexpr std::uint16_t kUdpPayload = 1232;

/// What was sent, to compare answers with.
struct Query {
    std::uint16_t id = 0;
    std::string name;  ///< wire form, in the letters that were sent
    RecordType type = RecordType::A;
    bool edns = true;

    [[nodiscard]] std::string packet() const;
};

}  // namespace postern::dns
