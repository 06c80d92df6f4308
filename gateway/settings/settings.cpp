#include "gateway/settings/settings.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/endpoint.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;
constexpr std::uint64_t kGiB = kMiB * 1024;

constexpr Choice<Action> kActions[] = {{"deliver", Action::Deliver},
                                       {"tag", Action::Tag},
                                       {"quarantine", Action::Quarantine},
                                       {"reject", Action::Reject},
                                       {"defer", Action::Defer}};
/// Nobody is refused for good because somebody else did not answer.
constexpr Choice<Action> kPassingActions[] = {{"deliver", Action::Deliver},
                                              {"tag", Action::Tag},
                                              {"quarantine", Action::Quarantine},
                                              {"defer", Action::Defer}};
constexpr Choice<JailLevel> kJailLevels[] = {
    {"full", JailLevel::Full}, {"reduced", JailLevel::Reduced}, {"seccomp", JailLevel::Seccomp}};
constexpr Choice<UserSwitch> kSwitches[] = {
    {"auto", UserSwitch::Auto}, {"always", UserSwitch::Always}, {"never", UserSwitch::Never}};
constexpr Choice<LogLevel> kLogLevels[] = {{"debug", LogLevel::Debug},
                                           {"info", LogLevel::Info},
                                           {"warning", LogLevel::Warning},
                                           {"error", LogLevel::Error}};

void read_analysis(KeyReader& keys, Analysis& analysis, Jail& jail) {
    analyzers::Limits& limits = analysis.limits;
    keys.integer("analysis.depth", limits.depth, 1, 100);
    keys.integer("analysis.objects", limits.objects, 1, 10'000);
    keys.size("analysis.bytes", limits.bytes, kMiB, 16 * kGiB);
    keys.size("analysis.object_bytes", limits.object_bytes, 64 * kKiB, 4 * kGiB);
    keys.integer("analysis.ratio", limits.ratio, 10, 1'000'000);
    keys.integer("analysis.names", limits.names, 1, 1'000'000);
    milliseconds time(limits.milliseconds);
    keys.duration("analysis.time", time, milliseconds(100), minutes(10));
    limits.milliseconds = static_cast<std::uint32_t>(time.count());
    keys.duration("analysis.deadline", analysis.deadline, seconds(1), minutes(15));
    keys.choice("jail.require", jail.require, kJailLevels);
    keys.integer("jail.idle_workers", jail.idle_workers, 1, 256);
    keys.integer("jail.max_workers", jail.max_workers, 1, 1024);
    keys.size("jail.memory", jail.memory, 64 * kMiB, 64 * kGiB);
    keys.size("jail.scratch", jail.scratch, kMiB, 16 * kGiB);
    keys.text("jail.scratch_base", jail.scratch_base);
    keys.duration("jail.cpu_time", jail.cpu_time, seconds(1), minutes(10));
    keys.duration("jail.wall_time", jail.wall_time, seconds(1), minutes(15));
    if (jail.idle_workers > jail.max_workers) {
        keys.fail("jail.idle_workers", "is more than jail.max_workers");
    }
    if (time > jail.wall_time) {
        keys.fail("analysis.time", "is longer than jail.wall_time, which kills the worker");
    }
}

void read_signatures(KeyReader& keys, Signatures& signatures) {
    keys.text("clamav.database", signatures.clamav);
    keys.flag("clamav.enabled", signatures.clamav_enabled);
    signatures.yara = {"default"};
    keys.list("yara.rules", signatures.yara, true);
    keys.flag("signatures.watch", signatures.watch);
    keys.duration("signatures.settle", signatures.settle, milliseconds(100), minutes(10));
    keys.duration("signatures.load_timeout", signatures.load_timeout, seconds(1), hours(1));
}

void read_thresholds(KeyReader& keys, const std::string& table, Thresholds& thresholds) {
    keys.number(table + ".tag", thresholds.tag, -1000, 1000);
    keys.number(table + ".quarantine", thresholds.quarantine, -1000, 1000);
    keys.number(table + ".reject", thresholds.reject, -1000, 1000);
    if (thresholds.tag > thresholds.quarantine || thresholds.quarantine > thresholds.reject) {
        keys.fail(table + ".quarantine",
                  "is out of order; tag <= quarantine <= reject is expected");
    }
}

void read_actions(KeyReader& keys, const std::string& table, ClassActions& actions) {
    keys.choice(table + ".malware", actions.malware, kActions);
    keys.choice(table + ".phishing", actions.phishing, kActions);
    keys.choice(table + ".policy", actions.policy, kActions);
    keys.choice(table + ".suspicious", actions.suspicious, kActions);
    keys.choice(table + ".unscanned", actions.unscanned, kActions);
    keys.choice(table + ".encrypted", actions.encrypted, kActions);
    keys.choice(table + ".undecided", actions.undecided, kPassingActions);
}

void read_policy(KeyReader& keys, Policy& policy) {
    read_thresholds(keys, "policy", policy.thresholds);
    read_actions(keys, "policy", policy.actions);
    const std::size_t rules = keys.count("policy.rule");
    for (std::size_t i = 0; i < rules; ++i) {
        const std::string table = "policy.rule[" + std::to_string(i) + "]";
        PolicyRule rule{"rule " + std::to_string(i + 1), {}, {}, policy.thresholds, policy.actions};
        keys.text(table + ".name", rule.name);
        keys.list(table + ".senders", rule.senders, true);
        keys.list(table + ".recipients", rule.recipients, true);
        read_thresholds(keys, table, rule.thresholds);
        read_actions(keys, table, rule.actions);
        policy.rules.push_back(std::move(rule));
    }
}

void read_quarantine(KeyReader& keys, Quarantine& quarantine) {
    keys.text("quarantine.url", quarantine.url);
    constexpr std::string_view kScheme = "sqlite://";
    if (!quarantine.url.starts_with(kScheme) || quarantine.url.size() == kScheme.size() ||
        quarantine.url.ends_with('/')) {
        keys.fail("quarantine.url",
                  "is \"" + quarantine.url + "\"; \"sqlite:///folder/file\" is expected");
    }
    const std::string folder =
        std::filesystem::path(quarantine.url.substr(kScheme.size())).parent_path().string();
    quarantine.blobs = folder + "/blobs";
    quarantine.key = folder + "/quarantine.key";
    keys.text("quarantine.blobs", quarantine.blobs);
    keys.text("quarantine.key", quarantine.key);
    keys.integer("quarantine.retention_days", quarantine.retention_days, 1, 3650);
    keys.integer("quarantine.forget_days", quarantine.forget_days, 1, 3650);
    keys.integer("quarantine.audit_days", quarantine.audit_days, 0, 36500);
    keys.duration("quarantine.retention_interval", quarantine.retention_interval,
                  std::chrono::seconds(1), std::chrono::hours(24));
    keys.size("quarantine.max_size", quarantine.max_size, kMiB, 1024 * 1024 * kGiB);
}

void read_web(KeyReader& keys, Web& web, const std::string& folder) {
    keys.flag("web.enabled", web.enabled);
    read_endpoint(keys, "web.listen", web.listen, false);
    web.data = folder;
    keys.text("web.data", web.data);
    keys.text("web.certificate", web.certificate);
    keys.text("web.key", web.key);
    keys.duration("web.session_time", web.session_time, minutes(1), hours(24 * 30));
}

void read_rest(KeyReader& keys, Settings& all) {
    keys.list("domains.accept", all.accept_domains);
    keys.text("domains.recipients", all.recipients_file);
    read_auth(keys, all.auth);
    read_dkim(keys, all.dkim);
    read_dmarc(keys, all.dmarc);
    read_arc(keys, all.arc);
    read_dns(keys, all.dns);
    read_state(keys, all.state);
    keys.choice("users.switch", all.users.change, kSwitches);
    keys.text("users.smtp", all.users.smtp);
    keys.text("users.analyzer", all.users.analyzer);
    keys.text("users.web", all.users.web);
    keys.text("users.lookup", all.users.lookup);
    keys.text("users.group", all.users.group);
    read_endpoint(keys, "metrics.listen", all.metrics_listen, true);
    keys.choice("log.level", all.log_level, kLogLevels);
    constexpr Choice<bool> kFormats[] = {{"json", true}};
    bool json = true;
    keys.choice("log.format", json, kFormats);
}

}  // namespace

Loaded parse(std::string_view toml, const std::string& source) {
    KeyReader keys(toml, source);
    Loaded loaded;
    Settings& all = loaded.settings;
    read_smtp(keys, all.smtp);
    read_next_hops(keys, all.next_hops);
    read_analysis(keys, all.analysis, all.jail);
    read_signatures(keys, all.signatures);
    read_policy(keys, all.policy);
    Checks checks;
    read_checks(keys, checks);
    all.policy.checks = std::move(checks.codes);
    all.checks = std::move(checks.named);
    read_quarantine(keys, all.quarantine);
    if (all.smtp.spool.empty()) all.smtp.spool = state_folder(all);
    read_web(keys, all.web, state_folder(all));
    read_lists(keys, all.lists);
    if (all.lists.feed_folder.empty()) all.lists.feed_folder = state_folder(all) + "/feeds";
    read_rest(keys, all);
    keys.refuse_unknown();
    loaded.effective = keys.take_effective();
    return loaded;
}

Loaded load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (!in) throw ConfigError(path + ":0: cannot be opened; a readable TOML file is expected");
    for (std::string line; std::getline(in, line);) text << line << '\n';
    if (in.bad()) throw ConfigError(path + ":0: cannot be read; a readable TOML file is expected");
    return parse(text.str(), path);
}

std::string state_folder(const Settings& settings) {
    constexpr std::string_view kScheme = "sqlite://";
    return std::filesystem::path(settings.quarantine.url.substr(kScheme.size()))
        .parent_path()
        .string();
}

}  // namespace postern::settings
