#include "gateway/cli/supervisor/supervisor.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "gateway/checks/plan.hpp"
#include "gateway/cli/supervisor/analyzer_settings_of.hpp"
#include "gateway/cli/supervisor/listeners.hpp"
#include "gateway/cli/supervisor/own_process.hpp"
#include "gateway/settings/config_error.hpp"

namespace postern::cli {
namespace {

using observe::Level;
using std::chrono::milliseconds;

constexpr milliseconds kStopExtra{5000};  ///< beyond the grace of sessions, before SIGKILL

observe::Level level_of(settings::LogLevel level) {
    return static_cast<observe::Level>(level);
}

Site prepared(const settings::Settings& settings, const Installation& installed,
              const Site* again) {
    auto site = prepare_site(settings, installed, again);
    if (!site) throw std::runtime_error(site.error());
    return std::move(site).value();
}

}  // namespace

Supervisor::Supervisor(const Context& context)
    : config_path_(context.config_path),
      installed_(installation(context.program_folder)),
      loaded_(context.loaded),
      signals_(take_signals()),  // before the log's thread exists, which inherits the mask
      log_(UniqueFd(::dup(STDERR_FILENO)), {level_of(context.settings().log_level), 16384}) {
    adopt_orphans();
    raise_descriptor_limit();
    const std::string folder = settings::state_folder(loaded_.settings);
    if (supervisor_runs(folder)) {
        throw std::runtime_error("another postern serve runs with " + folder + ": stop it first");
    }
    site_ = prepared(loaded_.settings, installed_, nullptr);
    auto control =
        ControlSocket::open(settings::state_folder(loaded_.settings),
                            [this](const std::string& request, const ControlSocket::Answer& reply) {
                                answer(request, reply);
                            });
    if (!control) throw std::runtime_error(control.error());
    control_ = std::move(control).value();
    analyzers_ = std::make_unique<AnalyzerKeeper>(
        installed_.programs + "/postern-analyzer", loaded_.settings.signatures.load_timeout,
        AnalyzerKeeper::Hooks{[this] { connect_gateways(); },
                              [this](const std::string& event, const std::string& detail) {
                                  const bool json = event == "analyzer_ready";
                                  log_.line(json ? Level::Info : Level::Error, event,
                                            {json ? observe::Field("status", observe::Json{detail})
                                                  : observe::Field("error", detail)});
                              }});
}

int Supervisor::run() {
    if (!site_.warning.empty()) log_.line(Level::Warning, "site", {{"error", site_.warning}});
    log_.line(Level::Info, "starting", {{"version", POSTERN_VERSION}, {"config", config_path_}});
    const auto now = Clock::now();
    load_analyzer({}, now);
    gateway_ = make_service("gatewayd", gatewayd_start);
    start(*gateway_, now);
    start_helpers(now);
    watch_signatures();
    watch_certificates();
    while (!stopping_) {
        wait();
        act(Clock::now());
    }
    return stop();
}

std::unique_ptr<Supervisor::Service> Supervisor::make_service(const std::string& name,
                                                              Starter starter) {
    auto service = std::make_unique<Service>();
    service->name = name;
    service->starter = starter;
    Service* raw = service.get();
    service->child = std::make_unique<KeptChild>(
        [this, raw] {
            ServiceStart begun = raw->starter(site_, installed_, loaded_, raw->far_end->watch());
            raw->files = std::move(begun.files);
            return begun.program;
        },
        [this, raw](const std::string& sentence) {
            log_.line(Level::Error, "service_ended", {{"service", raw->name}, {"error", sentence}});
        });
    return service;
}

void Supervisor::start(Service& service, Clock::time_point now) {
    auto [near, far] = control::Channel::make();
    service.channel = std::move(near);
    service.far_end = std::move(far);
    service.ready = false;
    service.child->start(now);
    service.far_end.reset();
    service.files.clear();
    if (!service.child->running()) return;
    log_.line(Level::Info, "service_started",
              {{"service", service.name}, {"pid", service.child->pid()}});
    if (&service == gateway_.get()) connect_gateway(service);
}

/// One that leaves has sessions to finish, and its analyzer takes no more jobs.
void Supervisor::connect_gateways() {
    if (gateway_) connect_gateway(*gateway_);
    for (const auto& each : leaving_) {
        if (each->starter == gatewayd_start) connect_gateway(*each);
    }
}

/// Gives it a channel to the analyzer in force.
void Supervisor::connect_gateway(const Service& gateway) {
    if (!gateway.channel || !gateway.child->running()) return;
    const auto client = analyzers_->connect();
    if (!client) return;
    const UniqueFd status = memory_file(analyzers_->status());
    if (!gateway.channel->send(control::Notice::Analyzer, client->get()) ||
        !gateway.channel->send(control::Notice::Status, status.get())) {
        log_.line(Level::Warning, "gateway_not_told", {});  // it is dying: its end is noticed too
    }
}

void Supervisor::load_analyzer(AnalyzerKeeper::Finished finished, Clock::time_point now) {
    analyzers_->reload(analyzer_settings(loaded_.settings, installed_), site_.users.analyzer,
                       std::move(finished), now);
}

void Supervisor::watch_signatures() {
    watch_.reset();
    const settings::Signatures& signatures = loaded_.settings.signatures;
    if (!signatures.watch) return;
    std::vector<std::string> paths = rule_paths(loaded_.settings, installed_);
    if (signatures.clamav_enabled) paths.push_back(signatures.clamav);
    watch_ = std::make_unique<SignatureWatch>(paths, signatures.settle);
}

void Supervisor::watch_certificates() {
    certificate_watch_.reset();
    const std::vector<std::string> files = smtp_certificate_files(loaded_.settings);
    if (files.empty()) return;
    constexpr std::chrono::seconds kSettle{2};  // certificate and key are two files
    certificate_watch_ = std::make_unique<SignatureWatch>(files, kSettle);
}

/// Sessions go on with what they began with.
void Supervisor::renew_certificates() {
    auto document = smtp_certificates(loaded_.settings);
    if (!document) {
        log_.line(Level::Error, "certificates_refused", {{"error", document.error()}});
        return;
    }
    if (*document == site_.smtp_certificates) return;
    site_.smtp_certificates = std::move(document).value();
    const UniqueFd file = memory_file(site_.smtp_certificates);
    if (gateway_ && gateway_->channel) {
        (void)gateway_->channel->send(control::Notice::Certificates, file.get());
    }
}

/// The old process finishes its sessions; the new one takes new clients from the same sockets.
void Supervisor::replace(std::unique_ptr<Service>& service, Clock::time_point now) {
    auto fresh = make_service(service->name, service->starter);
    service->leave_by = now + loaded_.settings.smtp.stop_grace + kStopExtra;
    leaving_.push_back(std::exchange(service, std::move(fresh)));
    start(*service, now);
    leaving_.back()->child->leave();
}

void Supervisor::restart(std::unique_ptr<Service>& service, const std::string& name,
                         Starter starter, bool wanted, Clock::time_point now) {
    if (service) {
        service->leave_by = now + kStopExtra;
        service->child->leave();
        leaving_.push_back(std::exchange(service, nullptr));
    }
    if (!wanted) return;
    service = make_service(name, starter);
    start(*service, now);
}

/// What no mail waits for.
void Supervisor::start_helpers(Clock::time_point now) {
    restart(web_, "web", web_start, loaded_.settings.web.enabled, now);
    restart(lookup_, "lookup", lookup_start, !loaded_.settings.lists.feeds.empty(), now);
}

void Supervisor::reload_configuration(Clock::time_point now) {
    try {
        settings::Loaded fresh = config_path_.empty() ? settings::parse("", "built-in defaults")
                                                      : settings::load(config_path_);
        (void)checks::configure(fresh.settings);
        if (settings::state_folder(fresh.settings) != settings::state_folder(loaded_.settings)) {
            throw std::runtime_error("quarantine.url moves to another folder: restart for that");
        }
        site_ = prepared(fresh.settings, installed_, &site_);
        loaded_ = std::move(fresh);
    } catch (const std::exception& error) {
        log_.line(Level::Error, "reload_refused", {{"error", error.what()}});
        return;
    }
    replace(gateway_, now);
    start_helpers(now);
    load_analyzer({}, now);
    watch_signatures();
    watch_certificates();
    log_.line(Level::Info, "reloaded", {{"config", config_path_}});
}

std::string Supervisor::signature_status() const {
    nlohmann::json status = nlohmann::json::parse(analyzers_->status(), nullptr, false);
    if (!status.is_object()) status = nlohmann::json::object();
    status["generation"] = analyzers_->number();
    status["ready"] = analyzers_->ready();
    return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// The answer's first word says how it went: "ok" or "refused", then the sentence or object.
void Supervisor::answer(const std::string& request, const ControlSocket::Answer& answer) {
    if (request == "signatures status") {
        answer("ok " + signature_status());
    } else if (request == "signatures reload") {
        load_analyzer(
            [this, answer](const std::string& refusal) {
                answer(refusal.empty() ? "ok " + signature_status() : "refused " + refusal + "\n");
            },
            Clock::now());
    } else {
        answer("refused unknown request\n");
    }
}

std::vector<Supervisor::Service*> Supervisor::services() const {
    std::vector<Service*> all;
    if (gateway_) all.push_back(gateway_.get());
    if (web_) all.push_back(web_.get());
    if (lookup_) all.push_back(lookup_.get());
    for (const auto& each : leaving_) all.push_back(each.get());
    return all;
}

/// Milliseconds until something is due without being told; -1: nothing.
int Supervisor::patience(Clock::time_point now) const {
    std::optional<Clock::time_point> next = analyzers_->when();
    const auto consider = [&next](std::optional<Clock::time_point> other) {
        if (other && (!next || *other < *next)) next = other;
    };
    if (watch_) consider(watch_->when());
    if (certificate_watch_) consider(certificate_watch_->when());
    for (const Service* each : services()) consider(each->child->due());
    for (const auto& each : leaving_) consider(each->leave_by);
    if (!next) return -1;
    const auto left = std::chrono::duration_cast<milliseconds>(*next - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 60'000));
}

void Supervisor::wait() {
    std::vector<pollfd> watched = {{signals_.get(), POLLIN, 0}, {control_->watch(), POLLIN, 0}};
    const auto add = [&watched](int descriptor) {
        if (descriptor >= 0) watched.push_back({descriptor, POLLIN, 0});
    };
    if (watch_) add(watch_->watch());
    if (certificate_watch_) add(certificate_watch_->watch());
    for (const int descriptor : analyzers_->watches()) add(descriptor);
    for (const Service* each : services()) {
        add(each->child->watch());
        if (each->channel) add(each->channel->watch());
    }
    if (::poll(watched.data(), watched.size(), patience(Clock::now())) <= 0) return;
    if ((watched[1].revents & POLLIN) != 0) control_->accept_one();
}

/// Looks at everything: cheaper than to remember which descriptor belonged to what.
void Supervisor::act(Clock::time_point now) {
    read_signals(now);
    analyzers_->pump(now);
    for (Service* each : services()) attend(*each, now);
    leaving_.remove_if([](const auto& each) { return !each->child->running(); });
    if (watch_) {
        watch_->read(now);
        if (watch_->due(now)) {
            log_.line(Level::Info, "signatures_changed", {});
            load_analyzer({}, now);
        }
    }
    if (certificate_watch_) {
        certificate_watch_->read(now);
        if (certificate_watch_->due(now)) renew_certificates();
    }
    say_ready();
}

void Supervisor::read_signals(Clock::time_point now) {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            reload_configuration(now);
        } else if (info.ssi_signo == SIGCHLD) {
            reap_orphans();
        } else {
            stopping_ = true;
        }
    }
}

/// Zygotes whose launcher died become our children: they are not ours to wait for, only to bury.
void Supervisor::reap_orphans() const {
    std::vector<pid_t> own = analyzers_->processes();
    for (const Service* each : services()) own.push_back(each->child->pid());
    cli::reap_orphans(own);
}

void Supervisor::attend(Service& service, Clock::time_point now) {
    hear(service);
    pollfd ended = {service.child->watch(), POLLIN, 0};
    if (service.child->running() && ::poll(&ended, 1, 0) > 0) {
        service.channel.reset();
        service.child->ended(now);
    }
    const auto due = service.child->due();
    if (due && now >= *due) start(service, now);
    if (service.leave_by != Clock::time_point{} && now >= service.leave_by) service.child->kill();
}

void Supervisor::hear(Service& service) {
    if (!service.channel) return;
    pollfd said = {service.channel->watch(), POLLIN, 0};
    if (::poll(&said, 1, 0) <= 0) return;
    const auto message = service.channel->receive();
    if (!message) {
        service.channel.reset();  // closed: the end of the process follows
    } else if (message->notice == control::Notice::Ready) {
        service.ready = true;
    }
}

/// Tells the person at the terminal, once: where to look, and the first password.
void Supervisor::say_ready() {
    if (told_ready_ || !gateway_->ready || (web_ && !web_->ready) || !analyzers_->ready()) return;
    told_ready_ = true;
    for (const Listener& each : site_.smtp) {
        std::cout << "SMTP on " << bound_endpoint(each.socket.get()) << "\n";
    }
    if (web_) {
        std::cout << "review page on https://" << bound_endpoint(site_.web.socket.get()) << "/\n";
    }
    if (!site_.first_login.empty()) std::cout << "login: " << site_.first_login << "\n";
    std::cout << "ready" << std::endl;
    site_.first_login.clear();
    log_.line(Level::Info, "ready", {});
}

int Supervisor::stop() {
    log_.line(Level::Info, "stopping", {});
    auto now = Clock::now();
    const auto until = now + loaded_.settings.smtp.stop_grace + kStopExtra;
    for (Service* each : services()) each->child->leave();
    const auto running = [this] {
        const auto all = services();
        return std::any_of(all.begin(), all.end(),
                           [](const Service* each) { return each->child->running(); });
    };
    while (running()) {
        wait();
        now = Clock::now();
        read_signals(now);
        analyzers_->pump(now);  // sessions that finish still need it
        for (Service* each : services()) {
            attend(*each, now);
            if (now >= until) each->child->kill();
        }
    }
    log_.line(Level::Info, "stopped", {});
    return kFine;
}

}  // namespace postern::cli
