#pragma once

/// @file [smtp]: the front.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::settings {

enum class TlsOffer : std::uint8_t { Off, Offered, Required };
enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

/// [[smtp.tls.certificates]]: further ones, chosen by the name the client asks for (SNI).
struct Certificate {
    std::string name;         ///< for people; the names it is good for are in the certificate
    std::string certificate;  ///< PEM file with its chain
    std::string key;          ///< PEM file
};

struct SmtpTls {
    TlsVersion minimum = TlsVersion::Tls12;
    std::vector<Certificate> certificates;
    bool ask_client_certificate = false;  ///< optional for the client, and never a condition
    std::string client_ca;                ///< PEM file with CAs; empty: no certificate is verified
    bool watch = true;                    ///< new certificates when a file changes
};

/// Who holds a connection longer than its use.
struct SmtpPace {
    std::chrono::milliseconds session_timeout = std::chrono::hours(1);  ///< 0: none
    std::chrono::milliseconds write_timeout = std::chrono::minutes(3);
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds window = std::chrono::seconds(30);  ///< rates are counted over it
    std::uint32_t min_data_rate = 100;    ///< bytes per second of a message; 0: any
    std::uint32_t min_command_rate = 10;  ///< of a command that has begun; 0: any
};

struct SmtpOverload {
    double share = 0.8;          ///< of max_connections, or of the decision queue: waits get short
    double refuse_share = 0.95;  ///< likewise: new clients hear 421 4.3.2
    std::chrono::milliseconds command_timeout = std::chrono::seconds(10);  ///< meanwhile
};

struct Smtp {
    std::string hostname;  ///< in the banner, Received and Authentication-Results
    std::vector<std::string> listen = {"127.0.0.1:2525"};
    std::vector<std::string> listen_tls;  ///< TLS from the first byte (RFC 8314 3), as on port 465
    std::uint64_t max_message_size = std::uint64_t{50} << 20;  ///< bytes
    std::uint64_t max_header_size = std::uint64_t{256} << 10;  ///< bytes of the header block
    std::uint32_t max_connections = 30000;
    std::uint32_t max_connections_per_client = 100;  ///< of an address, or an IPv6 /64
    std::uint32_t max_connections_per_prefix = 500;  ///< of an IPv4 /24, or an IPv6 /56
    std::vector<std::string> unlimited_clients = {"127.0.0.0/8", "::1/128"};
    std::uint32_t max_recipients = 200;  ///< of one message
    std::uint32_t max_messages = 1000;   ///< of one session
    std::uint32_t max_errors = 20;       ///< refused commands before 421
    std::uint32_t max_command_line = 2048;
    std::uint32_t max_hops = 50;  ///< Received fields; a loop beyond (RFC 5321 6.3)
    std::chrono::milliseconds command_timeout = std::chrono::minutes(5);
    std::chrono::milliseconds data_timeout = std::chrono::minutes(3);
    std::chrono::milliseconds stop_grace = std::chrono::seconds(30);
    std::uint32_t decision_threads = 64;                  ///< blocking work: jail, next hop, disk
    std::uint32_t decision_queue = 256;                   ///< waiting for a thread; beyond it 421
    std::uint64_t spool_memory = std::uint64_t{1} << 20;  ///< of one message
    std::uint64_t spool_memory_total = std::uint64_t{512} << 20;  ///< of all
    std::string spool;        ///< folder for unlinked files; empty: beside the quarantine database
    std::string certificate;  ///< PEM file; empty: self-signed, made at first start
    std::string key;
    TlsOffer tls = TlsOffer::Offered;
    SmtpTls tls_more;
    SmtpPace pace;
    SmtpOverload overload;
    std::vector<std::string> proxy_from;  ///< [smtp.proxy]: peers that begin with a PROXY header
    std::chrono::milliseconds proxy_timeout = std::chrono::seconds(5);  ///< for the header
    std::vector<std::string> xclient_from;  ///< [smtp.xclient]: peers that may use XCLIENT
};

class KeyReader;
void read_smtp(KeyReader& keys, Smtp& smtp);

}  // namespace postern::settings
