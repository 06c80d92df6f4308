#pragma once

/// @file The effective configuration: one small struct per part, filled from postern.toml over
/// built-in defaults. Values are checked when they are read; nobody checks them again.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzers/api/limits.hpp"
#include "gateway/settings/auth.hpp"
#include "gateway/settings/checks.hpp"
#include "gateway/settings/dkim.hpp"
#include "gateway/settings/dmarc.hpp"
#include "gateway/settings/dns.hpp"
#include "gateway/settings/lists.hpp"
#include "gateway/settings/next_hop.hpp"
#include "gateway/settings/smtp.hpp"
#include "gateway/settings/state.hpp"

namespace postern::settings {

/// What is done with a message of some kind.
enum class Action : std::uint8_t { Deliver, Tag, Quarantine, Reject, Defer };
enum class JailLevel : std::uint8_t { Seccomp, Reduced, Full };
enum class UserSwitch : std::uint8_t { Never, Auto, Always };
enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

struct Jail {
    JailLevel require = JailLevel::Full;
    std::uint32_t idle_workers = 4;
    std::uint32_t max_workers = 16;
    std::uint64_t memory = std::uint64_t{512} << 20;  ///< a worker may add, bytes
    std::uint64_t scratch = std::uint64_t{64} << 20;  ///< its private tmpfs, bytes
    std::string
        scratch_base;  ///< for hosts without user namespaces: a folder of the analyzer's user
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
    /// Of what checks and lists could not tell (CHECK_UNDECIDED, LIST_UNKNOWN): never Reject.
    Action undecided = Action::Deliver;
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
    std::uint32_t forget_days = 90;  ///< what is left of deleted messages goes then
    std::uint32_t audit_days = 0;    ///< lines of the audit log; 0: kept for ever
    std::chrono::milliseconds retention_interval = std::chrono::hours(1);  ///< between removals
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
    std::string lookup = "postern-lookup";
    std::string group = "postern";  ///< shares the quarantine between smtp and web
};

struct Settings {
    Smtp smtp;
    NextHops next_hops;
    std::vector<std::string> accept_domains;  ///< [domains].accept: mail for these is taken
    std::string recipients_file;  ///< [domains].recipients: who has a mailbox; empty: not known
    Auth auth;
    Dkim dkim;
    Dmarc dmarc;
    ArcSealing arc;
    Dns dns;
    State state;
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
