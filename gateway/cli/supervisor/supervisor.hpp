#pragma once

/// @file `postern serve`: starts the services, keeps them running, reloads and stops them. One
/// thread, one poll loop.

#include <list>
#include <memory>
#include <string>

#include "gateway/cli/command.hpp"
#include "gateway/cli/supervisor/analyzer_keeper.hpp"
#include "gateway/cli/supervisor/control_socket.hpp"
#include "gateway/cli/supervisor/kept_child.hpp"
#include "gateway/cli/supervisor/services.hpp"
#include "gateway/cli/supervisor/signature_watch.hpp"
#include "gateway/cli/supervisor/site.hpp"
#include "gateway/control/channel.hpp"
#include "gateway/observe/log.hpp"

namespace postern::cli {

class Supervisor {
public:
    using Clock = std::chrono::steady_clock;

    /// Throws std::runtime_error with a sentence when the site cannot be prepared.
    explicit Supervisor(const Context& context);

    /// Serves until SIGTERM or SIGINT; the exit code of the program.
    int run();

private:
    using Starter = ServiceStart (*)(const Site&, const Installation&, const settings::Loaded&,
                                     int control);
    /// A service with the supervisor's end of the channel to it, made anew at each start.
    struct Service {
        std::string name;
        Starter starter = nullptr;
        std::unique_ptr<KeptChild> child;
        std::optional<control::Channel> channel;
        std::optional<control::Channel> far_end;  ///< the child's, while it is being started
        std::vector<UniqueFd> files;              ///< likewise
        bool ready = false;
        Clock::time_point leave_by;  ///< when it is leaving
    };

    [[nodiscard]] std::unique_ptr<Service> make_service(const std::string& name, Starter starter);
    void start(Service& service, Clock::time_point now);
    void replace(std::unique_ptr<Service>& service, Clock::time_point now);
    /// Lets `service` go and starts it anew where it is still wanted.
    void restart(std::unique_ptr<Service>& service, const std::string& name, Starter starter,
                 bool wanted, Clock::time_point now);
    void start_helpers(Clock::time_point now);
    void connect_gateways();
    void connect_gateway(const Service& gateway);
    void reload_configuration(Clock::time_point now);
    void load_analyzer(AnalyzerKeeper::Finished finished, Clock::time_point now);
    void watch_signatures();
    void watch_certificates();
    void renew_certificates();
    void answer(const std::string& request, const ControlSocket::Answer& answer);
    [[nodiscard]] std::string signature_status() const;

    void wait();
    void act(Clock::time_point now);
    void read_signals(Clock::time_point now);
    void attend(Service& service, Clock::time_point now);
    void hear(Service& service);
    void say_ready();
    int stop();
    void reap_orphans() const;
    [[nodiscard]] std::vector<Service*> services() const;
    [[nodiscard]] int patience(Clock::time_point now) const;

    std::string config_path_;
    Installation installed_;
    settings::Loaded loaded_;
    UniqueFd signals_;
    observe::Log log_;
    Site site_;
    std::unique_ptr<AnalyzerKeeper> analyzers_;
    std::unique_ptr<SignatureWatch> watch_;
    std::unique_ptr<SignatureWatch> certificate_watch_;
    std::optional<ControlSocket> control_;
    std::unique_ptr<Service> gateway_;
    std::unique_ptr<Service> web_;
    std::unique_ptr<Service> lookup_;              ///< only where there are feeds
    std::list<std::unique_ptr<Service>> leaving_;  ///< replaced, and finishing their sessions
    bool told_ready_ = false;
    bool stopping_ = false;
};

}  // namespace postern::cli
