#pragma once

/// @file Which servers stand behind us, for whose mail, and what they have to prove.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/smtp/client_session.hpp"

namespace postern::relay {

/// None: in the clear. Opportunistic: encrypted if offered, whoever it is; in the clear when the
/// handshake fails. Required: encrypted, with `verify` proven by chain and name. Dane: proven by
/// TLSA records where the DNS has secure ones (RFC 7672), else as Opportunistic. DaneOnly: no
/// secure records, no delivery. Pinned: the server's key or certificate is one of `pins`.
enum class TlsMode : std::uint8_t { None, Opportunistic, Required, Dane, DaneOnly, Pinned };

struct HopTls {
    TlsMode mode = TlsMode::Opportunistic;
    bool verify = true;                  ///< for Required: chain and name must be right
    std::string trust = {};              ///< PEM file of authorities; empty: the system's
    std::string name = {};               ///< in the certificate, and for SNI; empty: the host's
    std::vector<std::string> pins = {};  ///< SHA-256, 32 raw bytes, of SPKI or certificate (DER)
};

/// One server, or with `mx` those that a domain names.
struct HopSettings {
    std::string host = "127.0.0.1";  ///< address or name; with a leading '/' a UNIX socket's path
    std::uint16_t port = 25;
    bool mx = false;              ///< `host` is a domain: its MX hosts (RFC 5321 5.1)
    std::uint16_t priority = 10;  ///< lower is tried first
    std::uint16_t weight = 1;     ///< 1 or more: share among those of the same priority
    smtp::ClientProtocol protocol = smtp::ClientProtocol::Smtp;
    HopTls tls = {};
    std::string helo_name = "localhost";
    std::chrono::milliseconds connect_timeout =
        std::chrono::seconds(10);  ///< look-up, and TCP for each address
    std::chrono::milliseconds reply_timeout =
        std::chrono::minutes(2);  ///< greeting to EHLO, each reply
    std::chrono::milliseconds data_timeout = std::chrono::minutes(3);    ///< to send each 64 KiB
    std::chrono::milliseconds final_timeout = std::chrono::minutes(10);  ///< after the final dot
    std::size_t max_idle = 16;  ///< connections kept; 0: none
    std::chrono::milliseconds idle_time = std::chrono::seconds(30);
    std::size_t max_messages = 100;  ///< of one connection
    smtp::ReplyLimits reply_limits = {};
};

/// Servers for the mail of some domains.
struct Route {
    /// "a.example"; ".a.example" for all below it. The longest match wins. Empty: all others.
    std::vector<std::string> domains = {};
    std::vector<HopSettings> hops = {};
};

/// A server that could not be used is left alone for a pause that doubles with each failure, then
/// checked by a connection of our own. With all servers of a route down they are tried all the
/// same, but by `tries_while_down` threads each at once only: others hear 451 without waiting.
struct HealthSettings {
    std::chrono::milliseconds first_pause = std::chrono::seconds(5);
    std::chrono::milliseconds longest_pause = std::chrono::minutes(5);
    std::size_t tries_while_down = 8;
};

/// A server went down or came back.
struct HopChange {
    std::string route;  ///< first domain, or "default"
    std::string hop;    ///< "host:port"
    bool up = false;
    std::string detail = {};             ///< why it is down
    std::chrono::milliseconds pause{0};  ///< until it is checked
};

struct NextHopSettings {
    std::vector<Route> routes = {};  ///< exactly one without domains
    HealthSettings health = {};
    /// From the thread that found out. Must not block for long and not throw.
    std::function<void(const HopChange&)> changed = {};
};

}  // namespace postern::relay
