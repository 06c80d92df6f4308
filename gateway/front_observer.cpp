#include "gateway/front_observer.hpp"

#include <string>

#include "gateway/net/from_settings.hpp"

namespace postern {
namespace {

void tell_overload(observe::GatewayMetrics& metrics, observe::Log& log, const net::Load& load) {
    metrics.smtp_overload.set(load.overload ? 1 : 0);
    if (load.overload) metrics.smtp_overloads.add();
    log.line(
        load.overload ? observe::Level::Warning : observe::Level::Info, "overload",
        {{"over", !load.overload}, {"connections", load.connections}, {"pool_share", load.pool}});
}

}  // namespace

net::Observer front_observer(observe::GatewayMetrics& metrics, observe::Log& log) {
    net::Observer made;
    made.opened = [&metrics] {
        metrics.smtp_connections.add();
        metrics.smtp_connections_open.add(1);
    };
    made.closed = [&metrics] { metrics.smtp_connections_open.add(-1); };
    made.replied = [&metrics](smtp::Stage stage, int code) {
        metrics.smtp_replies.with({std::string(name(stage)), std::to_string(code)}).add();
    };
    made.refused = [&metrics](net::Refusal why) { metrics.smtp_refused.with({name(why)}).add(); };
    made.overload = [&metrics, &log](const net::Load& load) { tell_overload(metrics, log, load); };
    made.handshake_failed = [&metrics] { metrics.smtp_tls_failed.add(); };
    made.bug = [&metrics, &log](std::string_view what) {
        metrics.bugs.add();
        log.line(observe::Level::Error, "bug", {{"error", what}});
    };
    return made;
}

void warn_of_few_descriptors(const settings::Smtp& smtp, observe::Log& log) {
    const std::uint32_t room = net::connection_room(smtp);
    if (room == 0 || room >= smtp.max_connections) return;
    log.line(observe::Level::Warning, "few_descriptors",
             {{"connections", room}, {"max_connections", smtp.max_connections}});
}

}  // namespace postern
