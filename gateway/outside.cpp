#include "gateway/outside.hpp"

#include <stdexcept>

#include "gateway/auth/outgoing.hpp"
#include "gateway/dns/from_settings.hpp"
#include "gateway/state/from_settings.hpp"

namespace postern {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

std::unique_ptr<state::State> open(const settings::State& state, observe::Log& log) {
    const auto tell = [&log](const state::Alarm& alarm) {
        const bool good = alarm.kind == state::Alarm::Kind::Recovered;
        log.line(good ? observe::Level::Info : observe::Level::Error, "state",
                 {{"detail", alarm.detail}});
    };
    auto opened = state::open_state(state.url, state::open_options(state), tell);
    if (!opened) throw std::runtime_error("state: " + opened.error().detail);
    return std::move(opened).value();
}

dns::ClientSettings counted(dns::ClientSettings made, observe::GatewayMetrics& metrics) {
    made.on_result = [&metrics](dns::Status status) {
        metrics.dns_lookups.with({std::string(name(status))}).add();
    };
    return made;
}

auth::AuthenticatorSettings authenticator_settings(const settings::Settings& settings) {
    auto made = auth::authenticator_settings(settings.auth, settings.smtp.hostname);
    made.intake.more = auth::outgoing_hashes(settings.dkim, settings.arc);
    return made;
}

std::function<void(const reputation::Alarm&)> list_alarm(observe::Log& log) {
    return [&log](const reputation::Alarm& alarm) {
        log.line(alarm.over ? observe::Level::Info : observe::Level::Error, "list",
                 {{"list", alarm.list}, {"detail", alarm.what}, {"over", alarm.over}});
    };
}

}  // namespace

std::vector<mail::Cidr> networks(const std::vector<std::string>& texts, const std::string& key) {
    std::vector<mail::Cidr> made;
    for (const std::string& text : texts) {
        const auto cidr = mail::Cidr::parse(text);
        if (!cidr) throw std::runtime_error(key + ": " + text + " is no network");
        made.push_back(*cidr);
    }
    return made;
}

Outside::Outside(const settings::Settings& settings, observe::Log& log,
                 observe::GatewayMetrics& metrics)
    : plan_(checks::configure(settings)),
      authenticator_(authenticator_settings(settings)),
      resolver_(counted(dns::client_settings(settings.dns), metrics)),
      state_(open(settings.state, log)),
      lists_(settings.lists, resolver_, list_alarm(log)),
      recipients_(settings.recipients_file.empty()
                      ? nullptr
                      : std::make_unique<checks::RecipientList>(settings.recipients_file)),
      trusted_(networks(settings.smtp.unlimited_clients, "smtp.unlimited_clients")) {}

}  // namespace postern
