#include "gateway/transaction/visit.hpp"

#include <algorithm>
#include <ctime>

#include "analyzers/base/clean_text.hpp"
#include "gateway/checks/connection/limits.hpp"
#include "gateway/checks/options.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::transaction {
namespace {

using checks::Part;
using checks::Stage;

constexpr std::chrono::seconds kProbePatience{4};  // RFC 5321 gives the client minutes

dns::Budget connection_budget(const settings::Dns& dns) {
    return {dns.lookups_per_connection, dns.timeout, dns::TimePoint::max()};
}

smtp::Reply probe(const Services& services, const mail::Mailbox& mailbox) {
    const relay::Probe said = services.next_hop.probe(mailbox, kProbePatience);
    switch (said.answer) {
        case relay::ProbeAnswer::Accepted:
        case relay::ProbeAnswer::Refused:
            return {said.reply.code, said.reply.enhanced, said.reply.text};
        case relay::ProbeAnswer::Deferred:
        case relay::ProbeAnswer::Unknown:
            break;
    }
    return {450, "4.1.1", said.detail.empty() ? said.reply.text : said.detail};
}

bool is_trusted(const Services& services, const mail::IpAddress& client) {
    const auto& networks = services.trusted;
    if (std::any_of(networks.begin(), networks.end(),
                    [&](const mail::Cidr& each) { return each.contains(client); })) {
        return true;
    }
    return services.lists != nullptr &&
           services.lists->client_standing(client).standing == reputation::Standing::Allowed;
}

template <class Run>
void with_tools(const Services& services, Stage stage, dns::Inquiry& inquiry, const Run& run) {
    const checks::Probe ask = [&services](const mail::ReversePath& /*from*/,
                                          const mail::Mailbox& mailbox) {
        return probe(services, mailbox);
    };
    const auto begun = std::chrono::steady_clock::now();
    run(checks::Tools{.dns = inquiry,
                      .state = services.state,
                      .settings = services.settings,
                      .now = std::time(nullptr),
                      .probe = &ask,
                      .lists = services.lists,
                      .recipients = services.recipients},
        [&services](const checks::Configured& check, checks::Came came) {
            services.check_counters.add(check, came);
        });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    services.check_counters.seconds(stage).observe(took.count());
}

}  // namespace

Visit::Visit(const Services& shared, const net::ClientFacts& known)
    : services(shared),
      client(known),
      id(quarantine::QuarantineId::make().text()),
      inquiry(shared.resolver, connection_budget(shared.settings.dns)),
      facts{{.client = known.address,
             .port = known.port,
             .hostname = shared.settings.smtp.hostname,
             .local = known.local_address},
            {},
            {},
            {},
            {}} {
    facts.connection.trusted = is_trusted(shared, known.address);
    if (known.introduced) take_introduction(*known.introduced, facts);
}

void take_introduction(const smtp::Introduction& said, checks::Facts& facts) {
    using State = smtp::IntroducedText::State;
    checks::ConnectionFacts& connection = facts.connection;
    switch (said.name.state) {
        case State::NotSaid:
            break;
        case State::Said:
            connection.iprev = {auth::IprevResult::Pass, said.name.text, {}};
            connection.reverse_names = {said.name.text};
            break;
        case State::Unavailable:
            connection.iprev = {auth::IprevResult::Fail, {}, "no name, the proxy says"};
            break;
        case State::TemporarilyUnavailable:
            connection.iprev = {auth::IprevResult::TempError, {}, "the proxy could not tell"};
            break;
    }
    if (said.helo.state == State::Said) {
        facts.helo = {said.helo.text, said.extended.value_or(true), {}};
    }
}

void count_errors(const std::shared_ptr<Visit>& visit) {
    const std::uint32_t fresh = visit->errors - visit->errors_counted;
    if (fresh == 0 || visit->facts.connection.trusted) return;
    visit->errors_counted = visit->errors;
    const Services& shared = visit->services;
    const checks::Configured& check = shared.checks.at("error_rate");
    if (check.mode == checks::Mode::Off) return;
    // A count that is lost harms nobody: the session has a limit of its own.
    tell_store(shared, [&shared, &check, client = visit->facts.connection, fresh] {
        const state::Rates rates(shared.state, checks::error_rates(check.options));
        const auto rate =
            rates.count(state::Event::Error, client.client, std::time(nullptr), fresh);
        if (rate && rate->over) offend(shared, client, "error_rate", rate->detail);
    });
}

void examine(const Services& services, Stage stage, Part part, const checks::Facts& facts,
             dns::Inquiry& inquiry, checks::Heard& heard) {
    if (part != Part::AtOnce && !has(services.checks, stage, part, facts.connection)) return;
    with_tools(services, stage, inquiry,
               [&](const checks::Tools& tools, const checks::Counted& counted) {
                   checks::run(services.checks, stage, part, facts, tools, heard, counted);
               });
}

void ask_ahead(const Services& services, Stage stage, const checks::Facts& facts,
               dns::Inquiry& inquiry) {
    checks::prepare(services.checks, stage, facts,
                    {.dns = inquiry,
                     .state = services.state,
                     .settings = services.settings,
                     .now = std::time(nullptr),
                     .lists = services.lists});
}

void examine_one(const Services& services, std::string_view check, const checks::Facts& facts,
                 dns::Inquiry& inquiry, checks::Heard& heard) {
    with_tools(services, services.checks.at(check).check->stage, inquiry,
               [&](const checks::Tools& tools, const checks::Counted& counted) {
                   checks::run_one(services.checks, check, facts, tools, heard, counted);
               });
}

void offend(const Services& services, const checks::ConnectionFacts& client, std::string_view what,
            const std::string& reason) {
    const checks::Configured& banned = services.checks.at("banned");
    const double points = checks::option<double>(banned.options, what);
    if (banned.mode == checks::Mode::Off || client.trusted || points <= 0) return;
    const state::Bans bans(services.state, checks::ban_settings(banned.options));
    // A point that is lost harms nobody.
    (void)bans.offend(client.client, points, reason, std::time(nullptr));
}

void tell_store(const Services& services, const std::function<void()>& job) {
    if (!services.state.may_wait()) return job();
    (void)services.pool.submit(job);
}

void examine_at_once(const Services& services, Stage stage, const checks::Facts& facts,
                     dns::Inquiry& inquiry, checks::Heard& heard) {
    examine(services, stage, Part::AtOnce, facts, inquiry, heard);
    if (heard.refusal || services.state.may_wait()) return;
    examine(services, stage, Part::Store, facts, inquiry, heard);
}

bool needs_thread(const Services& services, Stage stage, const checks::Facts& facts) {
    const auto has_part = [&](Part part) {
        return has(services.checks, stage, part, facts.connection);
    };
    return (services.state.may_wait() && has_part(Part::Store)) || has_part(Part::NextHop) ||
           has_part(Part::Dns);
}

void examine_waiting(const Services& services, Stage stage, const checks::Facts& facts,
                     dns::Inquiry& inquiry, checks::Heard& heard) {
    for (const Part part : {Part::Store, Part::NextHop, Part::Dns}) {
        if (heard.refusal) return;
        if (part == Part::Store && !services.state.may_wait()) continue;
        examine(services, stage, part, facts, inquiry, heard);
    }
}

smtp::Reply traced(smtp::Reply reply, const std::string& id) {
    const std::string trace = " (" + id + ")";
    constexpr std::size_t kRoom = smtp::kMaxReplyLine - 16;  // code and enhanced code
    if (reply.text.size() + trace.size() > kRoom) reply.text.resize(kRoom - trace.size());
    if (reply.text.find(id) == std::string::npos) reply.text += trace;
    return reply;
}

std::string words_of(const smtp::Reply& reply) {
    return std::to_string(reply.code) + " " + reply.enhanced + (reply.enhanced.empty() ? "" : " ") +
           clean_text(reply.text, smtp::kMaxReplyLine);
}

std::string tls_words(const std::optional<net::TlsFacts>& tls) {
    return tls ? tls->protocol + " " + tls->cipher : std::string();
}

namespace {

std::string_view reason_of(const Visit& visit, net::Ending why) {
    const bool greeted = visit.stage != "connect";
    switch (why) {
        case net::Ending::Left:
            return greeted ? "client left" : "left before the banner";
        case net::Ending::Timeout:
            return "timeout";
        case net::Ending::TooSlow:
            return "too slow";
        case net::Ending::Handshake:
            return "TLS failed";
        case net::Ending::Introduced:
            return "XCLIENT";
        case net::Ending::Stopping:
            return "shutdown";
        case net::Ending::Bug:
            return "internal error";
        case net::Ending::Said:
            break;
    }
    if (visit.quit) return "quit";
    if (!greeted) return "refused at the banner";
    if (visit.refused_by == "overload") return "overload";
    return visit.last_code == 421 || visit.last_code == 521 ? "sent away" : "session limit";
}

}  // namespace

void log_connection(const Visit& visit, net::Ending why) {
    const net::ClientFacts& client = visit.client;
    std::vector<std::string> codes;
    for (const checks::Heard* heard : {&visit.at_connect, &visit.at_helo}) {
        for (const checks::Kept& each : heard->findings) codes.push_back(each.finding.code);
    }
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - visit.began;
    visit.services.log.line(
        observe::Level::Info, "connection",
        {{"id", visit.id},
         {"connection", client.connection},
         {"client_ip", client.address.text()},
         {"client_port", client.port},
         {"local_port", client.local_port},
         {"proxy", client.proxy ? client.proxy->text() : std::string()},
         {"trusted", visit.facts.connection.trusted},
         {"helo", visit.facts.helo ? clean_text(visit.facts.helo->argument, 255) : std::string()},
         {"tls", tls_words(visit.tls)},
         {"stage", visit.stage},
         {"reason", reason_of(visit, why)},
         {"refused_by", visit.refused_by},
         {"reply", visit.refusal},
         {"refusals", visit.refusals},
         {"errors", visit.errors},
         {"messages", visit.messages},
         {"recipients", visit.recipients},
         {"findings", codes},
         {"duration_ms", took.count()}});
}

}  // namespace postern::transaction
