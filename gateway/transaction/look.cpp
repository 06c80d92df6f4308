#include "gateway/transaction/look.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "gateway/checks/run.hpp"
#include "gateway/dns/from_settings.hpp"
#include "gateway/mail/cidr.hpp"
#include "gateway/state/memory_store.hpp"
#include "gateway/transaction/held_record.hpp"
#include "gateway/verdict/replies.hpp"

namespace postern::transaction {
namespace {

using checks::Part;
using checks::Stage;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMemory = std::uint64_t{4} << 20U;  // for the checks of one message

double milliseconds_since(Clock::time_point begun) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

std::string text_of(const std::optional<mail::IpAddress>& client) {
    return client ? client->text() : std::string();
}

bool is_trusted(const settings::Settings& settings, const reputation::Lists* lists,
                const mail::IpAddress& client) {
    for (const std::string& each : settings.smtp.unlimited_clients) {
        const auto network = mail::Cidr::parse(each);
        if (network && network->contains(client)) return true;
    }
    return lists != nullptr &&
           lists->client_standing(client).standing == reputation::Standing::Allowed;
}

/// The header block at the beginning of `file`, with its empty line, line ends as on the wire.
std::string header_of(int file, std::size_t most) {
    std::string text(most, '\0');
    const ssize_t got = ::pread(file, text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    std::string header;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = std::string_view(text).substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        header += line;
        header += "\r\n";
        if (line.empty()) break;
        at = end + 1;
    }
    return header;
}

auth::Results authenticate(const settings::Settings& settings, const Outsiders& outsiders,
                           const KnownEnvelope& envelope, int file) {
    const auth::Sender sender{envelope.client, envelope.helo.value_or(""),
                              envelope.reverse_path.value_or(""), envelope.time};
    const auth::Authenticator& authenticator = outsiders.authenticator;
    auth::arc::SignedMessage taken = authenticator.intake(sender.time);
    ::lseek(file, 0, SEEK_SET);
    dns::Inquiry inquiry(outsiders.resolver, dns::message_budget(settings.dns));
    if (feed_file(taken, file, auth::arc::LineEnds::Guess)) {
        return authenticator.all(sender, taken, inquiry);
    }
    auth::Results results;
    authenticator.envelope(sender, inquiry, results);
    results.iprev = authenticator.reverse(sender, inquiry);
    results.dmarc.emplace().result = auth::DmarcResult::PermError;
    results.dmarc->detail = "not checked: the header is too big, or cannot be read";
    return results;
}

checks::Facts facts_of(const settings::Settings& settings, const Outsiders& outsiders,
                       const KnownEnvelope& envelope) {
    const mail::IpAddress nobody = mail::IpAddress::from_bytes({});
    checks::Facts facts{
        {.client = envelope.client.value_or(nobody), .hostname = settings.smtp.hostname},
        {},
        {},
        {},
        {}};
    facts.connection.trusted =
        envelope.client && is_trusted(settings, outsiders.lists, *envelope.client);
    if (envelope.helo) facts.helo = checks::HeloFacts{*envelope.helo, true, envelope.tls};
    if (envelope.reverse_path) {
        const auto path = mail::parse_reverse_path(*envelope.reverse_path);
        if (path) facts.sender = checks::SenderFacts{*path, 0, false};
    }
    return facts;
}

checks::Heard run_checks(const settings::Settings& settings, const Outsiders& outsiders,
                         const KnownEnvelope& envelope, const checks::MessageFacts& message) {
    checks::Facts facts = facts_of(settings, outsiders, envelope);
    facts.message = message;
    state::MemoryStore memory(kMemory, state::system_clock_ms, state::AlarmSink());
    dns::Inquiry inquiry(outsiders.resolver, dns::message_budget(settings.dns));
    const checks::Tools tools{.dns = inquiry,
                              .state = memory,
                              .settings = settings,
                              .now = envelope.time,
                              .lists = outsiders.lists};
    checks::Heard heard;
    const auto ask_ahead = [&](Stage stage, bool known) {
        if (known) checks::prepare(outsiders.checks, stage, facts, tools);
    };
    ask_ahead(Stage::Connection, envelope.client.has_value());
    ask_ahead(Stage::Helo, envelope.client && facts.helo);
    ask_ahead(Stage::Sender, facts.sender.has_value());
    ask_ahead(Stage::Message, true);
    const auto run_stage = [&](Stage stage, bool known) {
        for (const Part part : {Part::AtOnce, Part::Dns, Part::Deferred}) {
            if (!known || heard.refusal) return;
            checks::run(outsiders.checks, stage, part, facts, tools, heard, {});
        }
    };
    run_stage(Stage::Connection, envelope.client.has_value());
    run_stage(Stage::Helo, envelope.client && facts.helo);
    if (!facts.helo) facts.helo.emplace();
    run_stage(Stage::Sender, facts.sender.has_value());
    run_stage(Stage::Data, true);
    run_stage(Stage::Message, true);
    return heard;
}

/// Adds what checks and lists say to the evidence.
void ask_checks(const settings::Settings& settings, const Outsiders& outsiders,
                const KnownEnvelope& envelope, int file, std::uint64_t size, Look& look,
                verdict::Evidence& evidence) {
    checks::MessageFacts message;
    message.header = header_of(file, static_cast<std::size_t>(settings.smtp.max_header_size));
    message.size = size;
    for (const std::string& each : envelope.forward_paths) {
        if (auto mailbox = mail::Mailbox::parse(each)) message.recipients.push_back(*mailbox);
    }
    message.report = &look.report;
    message.auth = look.auth.value_or(auth::Results());
    checks::Heard heard = run_checks(settings, outsiders, envelope, message);
    for (checks::Kept& each : heard.findings) {
        evidence.checked.push_back({std::move(each.finding), each.mode});
    }
    look.refusal = heard.refusal;
}

void apply_refusal(Look& look) {
    if (!look.refusal) return;
    look.verdict.worst.action =
        look.refusal->code >= 500 ? verdict::Action::Reject : verdict::Action::Defer;
    for (auto& each : look.verdict.recipients) each.action = look.verdict.worst.action;
}

}  // namespace

KnownEnvelope known_envelope(const quarantine::Record& record) {
    const quarantine::Summary& summary = record.summary;
    KnownEnvelope envelope;
    if (const auto client = mail::IpAddress::parse(summary.client_ip)) envelope.client = *client;
    envelope.client_name = summary.client_name.value_or("");
    if (!summary.helo.empty()) envelope.helo = summary.helo;
    envelope.reverse_path = summary.reverse_path;
    for (const auto& each : summary.recipients) envelope.forward_paths.push_back(each.forward_path);
    envelope.time = summary.received / 1000;
    const auto report = nlohmann::json::parse(record.report_json, nullptr, false);
    const nlohmann::json::json_pointer tls("/envelope/tls");
    if (report.is_object() && report.contains(tls) && report.at(tls).is_string()) {
        envelope.tls = report.at(tls).get<std::string>();
    }
    return envelope;
}

Outcome<Look, host::DoorFailure> look_at(const settings::Settings& settings, const Analyze& analyze,
                                         const Outsiders* outsiders, const KnownEnvelope& envelope,
                                         int file, std::uint64_t size) {
    const auto begun = Clock::now();
    auto report = analyze(file, size);
    if (!report) return Failure{report.error()};
    Look look{std::move(report).value(), {}, {}, {}, {}};
    look.timing.analysis_ms = milliseconds_since(begun);
    if (outsiders != nullptr) look.auth = authenticate(settings, *outsiders, envelope, file);
    verdict::Evidence evidence{look.report};
    if (outsiders != nullptr) {
        ask_checks(settings, *outsiders, envelope, file, size, look, evidence);
    }
    look.timing.total_ms = milliseconds_since(begun);
    look.timing.auth_ms = look.timing.total_ms - look.timing.analysis_ms;
    look.verdict = verdict::decide(evidence, settings.policy, envelope.reverse_path.value_or(""),
                                   envelope.forward_paths);
    apply_refusal(look);
    return look;
}

std::string look_json(const Look& look, const KnownEnvelope& envelope, const std::string& id,
                      const std::string& file) {
    const verdict::Judgement& worst = look.verdict.worst;
    const auto own = verdict::reply_for(worst.action, worst.mail_class, id);
    const smtp::Reply reply = look.refusal.value_or(smtp::Reply{own.code, own.enhanced, own.text});
    const verdict::EnvelopeFacts facts{text_of(envelope.client),   envelope.client_name,
                                       envelope.helo.value_or(""), envelope.reverse_path,
                                       envelope.forward_paths,     envelope.tls};
    return verdict::scan_json(
        {id, file, facts, look.auth ? &*look.auth : nullptr, look.report, look.verdict,
         std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text, look.timing});
}

quarantine::Rescan rescan_of(const Look& look, const KnownEnvelope& envelope,
                             const std::string& id) {
    const verdict::Judgement& worst = look.verdict.worst;
    quarantine::Rescan made;
    made.verdict = class_of(worst.mail_class);
    made.action = action_of(worst.action);
    made.score = worst.score;
    made.reasons = worst.reasons;
    made.report_json = look_json(look, envelope, id, "");
    return made;
}

}  // namespace postern::transaction
