#pragma once

/// @file The effective configuration: one small struct per part, filled from postern.toml over
/// built-in defaults. Values are checked when they are read; nobody checks them again.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzers/api/limits.hpp"
#include "gateway/settings/checks.hpp"
#include "gateway/settings/dns.hpp"
#include "gateway/settings/lists.hpp"

namespace postern::settings {

/// What is done with a message of some kind.
enum class Action : std::uint8_t { Deliver, Tag, Quarantine, Reject, Defer };
enum class TlsOffer : std::uint8_t { Off, Offered, Required };
enum class TlsUse : std::uint8_t { None, Opportunistic, Required };
enum class HopProtocol : std::uint8_t { Smtp, Lmtp };
enum class JailLevel : std::uint8_t { Seccomp, Reduced, Full };
enum class UserSwitch : std::uint8_t { Never, Auto, Always };
enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

struct Smtp {
    std::string hostname;  ///< in the banner, Received and Authentication-Results
    std::vector<std::string> listen = {"127.0.0.1:2525"};
    std::uint64_t max_message_size = std::uint64_t{50} << 20;  ///< bytes
    std::uint64_t max_header_size = std::uint64_t{256} << 10;  ///< bytes of the header block
    std::uint32_t max_connections = 20000;
    std::uint32_t max_connections_per_client = 100;
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
};

struct NextHop {
    std::string host = "127.0.0.1";
    std::uint16_t port = 25;
    HopProtocol protocol = HopProtocol::Smtp;
    TlsUse tls = TlsUse::Opportunistic;
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds reply_timeout = std::chrono::minutes(2);
    std::uint32_t max_idle = 16;  ///< connections kept open
    std::chrono::milliseconds idle_time = std::chrono::seconds(30);
};

struct Jail {
    JailLevel require = JailLevel::Full;
    std::uint32_t idle_workers = 4;
    std::uint32_t max_workers = 16;
    std::uint64_t memory = std::uint64_t{512} << 20;  ///< a worker may add, bytes
    std::uint64_t scratch = std::uint64_t{64} << 20;  ///< its private tmpfs, bytes
    std::chrono::milliseconds cpu_time = std::chrono::seconds(25);
    std::chrono::milliseconds wall_time = std::chrono::seconds(30);
};

struct Analysis {
    analyzers::Limits limits;
    std::chrono::milliseconds deadline =
        std::chrono::seconds(40);  ///< waiting for a worker included
};

struct Signatures {
    std::string clamav = "/var/lib/clamav";  ///< folder
    bool clamav_enabled = true;
    std::vector<std::string> yara;  ///< folders or files; default: the rules that come with Postern
    bool watch = true;              ///< reload when a file changes
    std::chrono::milliseconds settle = std::chrono::seconds(2);  ///< quiet time before a reload
    std::chrono::milliseconds load_timeout = std::chrono::minutes(5);
};

struct Thresholds {
    double tag = 5;
    double quarantine = 8;
    double reject = 15;
};

/// What becomes of each class. Clean mail is always delivered.
struct ClassActions {
    Action malware = Action::Quarantine;
    Action phishing = Action::Quarantine;
    Action policy = Action::Quarantine;
    Action suspicious = Action::Quarantine;
    Action unscanned = Action::Quarantine;
    Action encrypted = Action::Quarantine;  ///< unscanned only because something is encrypted
};

/// [[policy.rule]]: other thresholds and actions for some recipients or senders. First match wins.
struct PolicyRule {
    std::string name;
    std::vector<std::string> senders;     ///< "a@b.example", "b.example", ".b.example"; empty: any
    std::vector<std::string> recipients;  ///< likewise
    Thresholds thresholds;
    ClassActions actions;
};

struct Policy {
    Thresholds thresholds;
    ClassActions actions;
    std::vector<PolicyRule> rules;
    std::map<std::string, CheckSetting> checks;  ///< by finding code
};

struct Quarantine {
    std::string url = "sqlite:///var/lib/postern/quarantine.db";
    std::string blobs;  ///< folder; empty: "blobs" beside the database
    std::string key;    ///< file; empty: "quarantine.key" beside the database
    std::uint32_t retention_days = 30;
    std::uint64_t max_size = std::uint64_t{20} << 30;  ///< bytes of held messages
};

struct Web {
    bool enabled = true;
    std::string listen = "127.0.0.1:8443";
    std::string data;  ///< folder of certificate and key made for it; empty: beside the database
    std::string certificate;  ///< PEM file; empty: self-signed, made at first start
    std::string key;
    std::chrono::milliseconds session_time = std::chrono::hours(8);
};

struct Users {
    UserSwitch change = UserSwitch::Auto;
    std::string smtp = "postern-smtp";
    std::string analyzer = "postern-analyzer";
    std::string web = "postern-web";
    std::string group = "postern";  ///< shares the quarantine between smtp and web
};

struct Settings {
    Smtp smtp;
    NextHop next_hop;
    std::vector<std::string> accept_domains;  ///< [domains].accept: mail for these is taken
    Dns dns;
    std::string state_url = "memory:";
    Jail jail;
    Analysis analysis;
    Signatures signatures;
    Policy policy;
    std::map<std::string, CheckTable> checks;  ///< by name; gateway/checks knows what they mean
    Quarantine quarantine;
    Web web;
    Lists lists;
    Users users;
    std::string metrics_listen = "127.0.0.1:9464";  ///< empty: none
    LogLevel log_level = LogLevel::Info;
};

/// One key as it is in force, for `postern config show`.
struct Effective {
    std::string key;     ///< "smtp.hostname"
    std::string value;   ///< as TOML writes it
    std::string origin;  ///< "FILE:LINE" or "default"
};

struct Loaded {
    Settings settings;
    std::vector<Effective> effective;
};

/// Parses and checks a whole configuration. `source` names the file in messages.
/// Throws ConfigError: "FILE:LINE: what is wrong, what is expected".
[[nodiscard]] Loaded parse(std::string_view toml, const std::string& source);

/// Reads the file first; throws ConfigError also when it cannot be read.
[[nodiscard]] Loaded load(const std::string& path);

/// The folder of the quarantine database: where everything that has no place of its own is kept.
[[nodiscard]] std::string state_folder(const Settings& settings);

}  // namespace postern::settings
