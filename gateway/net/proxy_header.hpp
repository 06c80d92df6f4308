#pragma once

/// @file The header of the PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): what a
/// load balancer says about the client in front of the client's own bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/mail/ip_address.hpp"

namespace postern::net {

/// Bytes of a version 1 header, CRLF included.
inline constexpr std::size_t kMaxProxyV1 = 107;
/// Bytes of a version 2 header, TLVs included: more than any balancer sends.
inline constexpr std::size_t kMaxProxyV2 = 4096;

struct ProxyEndpoints {
    mail::IpAddress source;
    std::uint16_t source_port = 0;
    mail::IpAddress destination;
    std::uint16_t destination_port = 0;

    friend bool operator==(const ProxyEndpoints&, const ProxyEndpoints&) = default;
};

struct ProxyHeader {
    enum class State : std::uint8_t {
        Incomplete,  ///< so far it may become one; all bytes given belong to it
        Invalid,     ///< no bytes that follow can make it one
        Whole
    };
    State state = State::Incomplete;
    std::size_t size = 0;  ///< with Whole: bytes of the header
    /// With Whole. nullopt: the connection is the proxy's own (LOCAL, UNKNOWN, no IP address).
    std::optional<ProxyEndpoints> endpoints = {};
};

/// Looks at the first bytes of a connection; the result does not depend on how they were cut.
[[nodiscard]] ProxyHeader read_proxy_header(std::string_view bytes);

}  // namespace postern::net
