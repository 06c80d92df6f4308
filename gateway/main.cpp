/// @file main() of `postern-gatewayd`: everything it needs is inherited from the supervisor.
///
/// Security: talks to anybody by SMTP, to the next hop, to the analyzer by descriptors, to the
/// store. Runs as postern-smtp when started as root. Taken over, it can forge verdicts and read the
/// quarantine; it has no parser of content to be taken over by.

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <ctime>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "gateway/control/certificates.hpp"
#include "gateway/control/channel.hpp"
#include "gateway/drain.hpp"
#include "gateway/front_observer.hpp"
#include "gateway/list_metrics.hpp"
#include "gateway/net/from_settings.hpp"
#include "gateway/net/server.hpp"
#include "gateway/observe/metrics_server.hpp"
#include "gateway/outside.hpp"
#include "gateway/outside_metrics.hpp"
#include "gateway/own_reports.hpp"
#include "gateway/relay/from_settings.hpp"
#include "gateway/relay/outbox_runner.hpp"
#include "gateway/state_metrics.hpp"
#include "gateway/transaction/dialogue.hpp"
#include "gateway/transaction/rescan.hpp"
#include "gateway/transaction/rescan_runner.hpp"

namespace postern {
namespace {

using std::chrono::milliseconds;

constexpr int kCouldNot = 2;
constexpr milliseconds kLongestPoll = std::chrono::minutes(1);

/// "--name 5" pairs; a name may come several times.
using Descriptors = std::multimap<std::string, int>;

Descriptors descriptors_of(const std::vector<std::string>& words) {
    Descriptors found;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        found.emplace(words[i], std::stoi(words[i + 1]));
    }
    for (const char* needed : {"--settings-fd", "--control-fd", "--key-fd"}) {
        if (!found.contains(needed)) {
            throw std::runtime_error("started without " + std::string(needed) +
                                     ": `postern serve` starts this program");
        }
    }
    return found;
}

std::string content_of(int descriptor) {
    std::string text;
    std::array<char, 65536> buffer{};
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), at);
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        at += got;
    }
}

spool::SpoolSettings spool_settings(const settings::Smtp& smtp) {
    spool::SpoolSettings made;
    made.folder = smtp.spool;
    made.memory_per_message = smtp.spool_memory;
    made.memory_total = smtp.spool_memory_total;
    made.max_header = static_cast<std::size_t>(smtp.max_header_size);
    return made;
}

/// From the supervisor's memory file; throws when TLS cannot work with it.
std::shared_ptr<const net::TlsContext> tls_context(const settings::Smtp& smtp, int descriptor) {
    const auto set = control::from_document(content_of(descriptor));
    if (!set) throw std::runtime_error("certificates: no such document");
    std::vector<net::TlsIdentity> identities;
    for (const control::Identity& each : set->identities) {
        identities.push_back({each.certificate, each.key, each.origin});
    }
    auto made = net::TlsContext::make(identities, net::tls_rules(smtp, set->client_ca));
    if (!made) throw std::runtime_error(made.error());
    return std::move(made).value();
}

std::shared_ptr<const net::TlsContext> tls_context(const settings::Smtp& smtp,
                                                   const Descriptors& inherited) {
    const auto document = inherited.find("--certificates-fd");
    return document == inherited.end() ? nullptr : tls_context(smtp, document->second);
}

/// From the supervisor's memory file; throws when the keys are not those of the settings.
auth::OutgoingSigner open_signer(const settings::Settings& settings, const Descriptors& inherited) {
    const auto keys = inherited.find("--signing-keys-fd");
    auto made = auth::OutgoingSigner::make(
        settings.dkim, settings.arc,
        keys == inherited.end() ? std::string() : content_of(keys->second));
    if (!made) throw std::runtime_error("signing keys: " + made.error());
    return std::move(made).value();
}

std::unique_ptr<quarantine::Store> open_store(const settings::Settings& all, int key_fd) {
    const auto location =
        quarantine::Location::parse(all.quarantine.url, all.quarantine.blobs, all.quarantine.key);
    if (!location) throw std::runtime_error(location.error());
    const auto key = quarantine::Key::from_fd(key_fd);
    if (!key) throw std::runtime_error("quarantine key: " + key.error().detail);
    auto store = quarantine::Store::open(*location, *key);
    if (!store) throw std::runtime_error("quarantine: " + store.error().detail);
    return std::move(store).value();
}

/// The whole service. Members are in the order of their dependence.
class Gateway {
public:
    Gateway(settings::Settings settings, const Descriptors& inherited);
    /// Serves until SIGTERM or the end of the control channel.
    void run(int signals);

private:
    void watch_figures();
    void remove_old();
    void hear(control::Message message);
    [[nodiscard]] double pool_share() const;
    void use_certificates(int descriptor);

    settings::Settings settings_;
    observe::Log log_;
    observe::Registry registry_;
    observe::GatewayMetrics metrics_{registry_};
    control::Channel control_;
    std::unique_ptr<quarantine::Store> store_;
    host::Door door_;
    Outside outside_;
    auth::OutgoingSigner signer_;
    OwnReports reports_;
    HopWatch hop_watch_;
    relay::NextHop next_hop_;
    spool::Spool spool_;
    net::Pool pool_;
    transaction::Services services_;
    relay::OutboxRunner outbox_;
    transaction::RescanRunner rescans_;
    net::Server server_;
    std::unique_ptr<observe::MetricsServer> metrics_server_;
    std::chrono::steady_clock::time_point next_retention_;
    std::atomic<std::int64_t> signatures_from_{0};  ///< newest database file, seconds since 1970
};

std::vector<net::Listener> listeners_of(const Descriptors& inherited) {
    std::vector<net::Listener> listeners;
    for (const bool tls : {false, true}) {
        const auto range = inherited.equal_range(tls ? "--listen-tls-fd" : "--listen-fd");
        for (auto each = range.first; each != range.second; ++each) {
            listeners.emplace_back(UniqueFd(each->second), tls);
        }
    }
    return listeners;
}

Gateway::Gateway(settings::Settings settings, const Descriptors& inherited)
    : settings_(std::move(settings)),
      log_(UniqueFd(::dup(STDERR_FILENO)),
           {static_cast<observe::Level>(settings_.log_level), 16384}),
      control_(UniqueFd(inherited.find("--control-fd")->second)),
      store_(open_store(settings_, inherited.find("--key-fd")->second)),
      door_({settings_.jail.max_workers, settings_.jail.wall_time}),
      outside_(settings_, log_, metrics_),
      signer_(open_signer(settings_, inherited)),
      reports_(settings_, *store_, outside_.resolver(), signer_, log_),
      hop_watch_(registry_, log_),
      next_hop_(
          hop_watch_.watched(relay::from_settings(settings_.next_hops, settings_.smtp.hostname)),
          &outside_.resolver()),
      spool_(spool_settings(settings_.smtp)),
      pool_(settings_.smtp.decision_threads, settings_.smtp.decision_queue,
            [this] { metrics_.bugs.add(); }),
      services_{settings_,
                door_,
                pool_,
                next_hop_,
                spool_,
                *store_,
                log_,
                metrics_,
                outside_.resolver(),
                outside_.state(),
                outside_.plan(),
                outside_.authenticator(),
                &outside_.lists(),
                outside_.recipients(),
                outside_.trusted(),
                &signer_,
                reports_.aggregate(),
                reports_.failure()},
      outbox_(
          *store_, next_hop_,
          [this](const quarantine::Record& record, int message) {
              return transaction::rescan(services_, record, message);
          },
          log_),
      rescans_(services_),
      server_(
          net::server_settings(settings_.smtp, [this] { return pool_share(); }),
          net::session_settings(settings_.smtp), tls_context(settings_.smtp, inherited),
          listeners_of(inherited),
          [this](const net::ClientFacts& client, net::Timer& timer) {
              return std::make_unique<transaction::MailDialogue>(services_, client, timer);
          },
          front_observer(metrics_, log_)) {
    watch_figures();
    if (const auto metrics = inherited.find("--metrics-fd"); metrics != inherited.end()) {
        metrics_server_ =
            std::make_unique<observe::MetricsServer>(UniqueFd(metrics->second), registry_, [this] {
                const bool well = door_.figures().open;
                return observe::Health{well, well ? "ok\n" : "no analyzer\n"};
            });
    }
}

/// Of the places to wait for a decision thread.
double Gateway::pool_share() const {
    return static_cast<double>(pool_.waiting()) / settings_.smtp.decision_queue;
}

/// For connections from now on; what cannot be used changes nothing.
void Gateway::use_certificates(int descriptor) {
    try {
        server_.use(tls_context(settings_.smtp, descriptor));
        log_.line(observe::Level::Info, "certificates_loaded", {});
    } catch (const std::runtime_error& error) {
        log_.line(observe::Level::Error, "certificates_refused", {{"error", error.what()}});
    }
}

/// What is asked for at each scrape instead of being counted.
void Gateway::watch_figures() {
    show_list_figures(registry_, outside_.lists());
    show_state_figures(registry_, outside_.state());
    show_dns_load(registry_, outside_.resolver());
    hop_watch_.show(next_hop_);
    registry_.before_scrape([this] {
        const host::DoorFigures figures = door_.figures();
        metrics_.jail_workers.with({"running"}).set(figures.running);
        metrics_.jail_workers.with({"idle"}).set(figures.idle);
        metrics_.jail_workers.with({"waiting"}).set(figures.waiting);
        if (const std::int64_t from = signatures_from_; from > 0) {
            metrics_.signature_age_seconds.with({"clamav"})
                .set(static_cast<double>(std::time(nullptr) - from));
        }
        metrics_.log_lines_dropped.raise_to(log_.dropped());
        if (const auto pending = store_->outbox().pending()) {
            metrics_.queue_messages.set(static_cast<double>(*pending));
        }
        if (const auto counts = store_->counts()) {
            for (std::size_t i = 0; i < counts->held.size(); ++i) {
                const auto word = name(static_cast<quarantine::VerdictClass>(i));
                metrics_.quarantine_messages.with({std::string(word)})
                    .set(static_cast<double>(counts->held[i].messages));
            }
        }
    });
}

void Gateway::remove_old() {
    quarantine::Retention policy;
    policy.keep = std::chrono::hours(24 * settings_.quarantine.retention_days);
    policy.max_bytes = settings_.quarantine.max_size;
    policy.forget = std::chrono::hours(24 * settings_.quarantine.forget_days);
    policy.keep_audit = std::chrono::hours(24 * settings_.quarantine.audit_days);
    for (bool more = true; more;) {
        const auto done = store_->retention(policy);
        if (!done) {
            log_.line(observe::Level::Error, "retention", {{"error", done.error().detail}});
            return;
        }
        if (done->removed + done->forgotten + done->audit_lines > 0) {
            log_.line(observe::Level::Info, "retention",
                      {{"removed", done->removed},
                       {"forgotten", done->forgotten},
                       {"audit_lines", done->audit_lines}});
        }
        more = done->more;
    }
    const auto forgotten = store_->received_reports().forget(quarantine::now_ms() -
                                                             settings_.dmarc.keep_reports.count());
    if (!forgotten) {
        log_.line(observe::Level::Error, "retention", {{"error", forgotten.error().detail}});
    }
}

void Gateway::hear(control::Message message) {
    if (message.notice == control::Notice::Analyzer) {
        door_.set_channel(std::move(message.descriptor));
    } else if (message.notice == control::Notice::Certificates) {
        use_certificates(message.descriptor.get());
    } else if (message.notice == control::Notice::Status) {
        const auto status =
            nlohmann::json::parse(content_of(message.descriptor.get()), nullptr, false);
        const auto newest = nlohmann::json::json_pointer("/workload/clamav/newest");
        if (status.is_object()) signatures_from_ = status.value(newest, std::int64_t{0});
    }
}

void Gateway::run(int signals) {
    outside_.start();
    server_.start();
    outbox_.start();
    rescans_.start();
    reports_.start();
    warn_of_few_descriptors(settings_.smtp, log_);
    if (!control_.send(control::Notice::Ready)) throw std::runtime_error("no supervisor");
    std::array<pollfd, 2> watched = {pollfd{signals, POLLIN, 0},
                                     pollfd{control_.watch(), POLLIN, 0}};
    bool supervised = true;
    while (watched[0].revents == 0 && supervised) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_retention_) {
            next_retention_ = now + settings_.quarantine.retention_interval;
            (void)pool_.submit([this] { remove_old(); });
        }
        const milliseconds pause = std::min(kLongestPoll, settings_.quarantine.retention_interval);
        ::poll(watched.data(), watched.size(), static_cast<int>(pause.count()));
        if (watched[1].revents == 0) continue;
        auto message = control_.receive();
        supervised = message.has_value();
        if (message) hear(std::move(*message));
    }
    reports_.hand_over();
    drain(server_, supervised ? settings_.smtp.stop_grace : milliseconds(0), control_,
          [this](control::Message message) { hear(std::move(message)); });
    outbox_.stop();
    rescans_.stop();
    if (!supervised) next_hop_.shut_down();
    pool_.stop();
    reports_.finish();
}

UniqueFd take_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC));
}

int run(const std::vector<std::string>& words) {
    const Descriptors inherited = descriptors_of(words);
    settings::Loaded loaded =
        settings::parse(content_of(inherited.find("--settings-fd")->second), "inherited settings");
    const UniqueFd signals = take_signals();  // before the first thread
    Gateway gateway(std::move(loaded.settings), inherited);
    gateway.run(signals.get());
    return 0;
}

}  // namespace
}  // namespace postern

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_NAME, "gatewayd", 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    try {
        return postern::run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& error) {
        std::cerr << "postern-gatewayd: " << error.what() << std::endl;
        return postern::kCouldNot;
    }
}
