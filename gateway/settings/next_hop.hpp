#pragma once

/// @file [next_hop], [[next_hops]] and [[route]]: the mail servers behind us. Plain values; the
/// module gateway/relay turns them into its own.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::settings {

class KeyReader;

/// Required: encrypted, and with `tls_verify` proven by chain and name. Dane: TLSA records where
/// the DNS has secure ones, else as Opportunistic; DaneOnly: else not at all.
enum class TlsUse : std::uint8_t { None, Opportunistic, Required, Dane, DaneOnly, Pinned };
enum class HopProtocol : std::uint8_t { Smtp, Lmtp };

/// One server. [next_hop] itself, and what the others start from.
struct NextHop {
    std::string host = "127.0.0.1";  ///< address, name, or the path of a UNIX socket
    std::uint16_t port = 25;
    bool mx = false;              ///< `host` is a domain: its MX hosts take the mail
    std::uint16_t priority = 10;  ///< lower is tried first
    std::uint16_t weight = 1;     ///< share among those of the same priority
    HopProtocol protocol = HopProtocol::Smtp;
    TlsUse tls = TlsUse::Opportunistic;
    bool tls_verify = true;             ///< for Required
    std::string tls_trust;              ///< PEM file of authorities; empty: the system's
    std::string tls_name;               ///< name in the certificate; empty: `host`
    std::vector<std::string> tls_pins;  ///< for Pinned: SHA-256 of key (SPKI) or certificate, hex
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds reply_timeout = std::chrono::minutes(2);
    std::uint32_t max_idle = 16;  ///< connections kept open
    std::chrono::milliseconds idle_time = std::chrono::seconds(30);
};

/// Where the mail of some domains goes. No domains: the mail of all others; there is one such.
struct Route {
    std::vector<std::string> domains;  ///< "a.example", ".a.example" for what is below it
    std::vector<NextHop> hops;         ///< at least one
};

struct NextHops {
    std::vector<Route> routes;                                        ///< the default route first
    std::chrono::milliseconds first_pause = std::chrono::seconds(5);  ///< after a hop failed
    std::chrono::milliseconds longest_pause = std::chrono::minutes(5);
    /// Threads that try a server at once while all of its route are down; 0: none.
    std::uint32_t tries_while_down = 8;
};

/// Reads [next_hop], [[next_hops]] and [[route]]. Private to this folder.
void read_next_hops(KeyReader& keys, NextHops& hops);

}  // namespace postern::settings
