#pragma once

/// @file [dns]: whom to ask, and what asking may cost.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::settings {

class KeyReader;

struct Dns {
    std::vector<std::string> servers;  ///< "address:port"; empty: those of /etc/resolv.conf
    std::chrono::milliseconds timeout = std::chrono::seconds(3);             ///< of one question
    std::chrono::milliseconds retry_after = std::chrono::milliseconds(500);  ///< first wait
    std::chrono::milliseconds message_timeout = std::chrono::seconds(8);  ///< of all of one message
    std::uint32_t lookups_per_connection = 60;
    std::uint32_t lookups_per_message = 100;  ///< for its sender; as many again for all else
    std::uint32_t in_flight = 4096;           ///< questions waiting for an answer
    std::uint32_t tcp_in_flight = 256;        ///< of them over TCP
    std::uint32_t max_records = 256;          ///< of one answer
    std::uint64_t cache_size = std::uint64_t{32} << 20;  ///< bytes; 0: no cache
    std::chrono::milliseconds ttl_min = std::chrono::seconds(5);
    std::chrono::milliseconds ttl_max = std::chrono::hours(24);
    std::chrono::milliseconds negative_ttl_max = std::chrono::minutes(15);
    std::string trust_anchor;  ///< file with DS or DNSKEY of the root; empty: no DNSSEC validation
};

/// Throws ConfigError.
void read_dns(KeyReader& keys, Dns& dns);

}  // namespace postern::settings
