#include "gateway/transaction/message_job.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "analyzers/api/json.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/transaction/held_record.hpp"
#include "gateway/transaction/trace_fields.hpp"
#include "gateway/verdict/replies.hpp"

namespace postern::transaction {
namespace {

using Clock = std::chrono::steady_clock;
using verdict::Action;

double seconds_since(Clock::time_point begun) {
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

smtp::Reply to_reply(const verdict::ReplyWords& words) {
    return {words.code, words.enhanced, words.text, {}};
}

/// One message's way through the last stage. Its members are what is known so far.
class MessageJob {
public:
    MessageJob(Mail& mail, const Services& services) : mail_(mail), services_(services) {}

    smtp::Reply run() {
        const smtp::Reply reply = decide();
        mail_.delivery.reset();  // whatever was not sent is abandoned
        finish(reply);
        return reply;
    }

private:
    smtp::Reply decide();
    [[nodiscard]] std::optional<smtp::Reply> seal();
    [[nodiscard]] std::optional<smtp::Reply> analyze();
    [[nodiscard]] std::vector<mail::Mailbox> recipients_with(bool held) const;
    [[nodiscard]] std::optional<smtp::Reply> hold(const std::vector<std::string>& paths,
                                                  std::vector<std::string> owed);
    smtp::Reply deliver(const std::vector<mail::Mailbox>& recipients);
    smtp::Reply keep_the_rest(const std::vector<mail::Mailbox>& recipients,
                              const std::vector<smtp::PeerReply>& replies);
    [[nodiscard]] bool begin_again(const std::vector<mail::Mailbox>& recipients);
    [[nodiscard]] std::string trace() const;
    [[nodiscard]] smtp::Reply failed(int code, const char* enhanced, const char* words) const;
    void finish(const smtp::Reply& reply);
    void warn(const char* stage, const std::string& error) const;

    Mail& mail_;
    const Services& services_;
    Clock::time_point begun_ = Clock::now();
    double analysis_seconds_ = 0;
    std::optional<analyzers::Report> report_;
    std::optional<verdict::Verdict> verdict_;
};

smtp::Reply MessageJob::failed(int code, const char* enhanced, const char* words) const {
    return {code, enhanced, std::string(words) + " (" + mail_.id.text() + ")", {}};
}

void MessageJob::warn(const char* stage, const std::string& error) const {
    services_.log.line(observe::Level::Warning, stage, {{"id", mail_.id.text()}, {"error", error}});
}

std::optional<smtp::Reply> MessageJob::seal() {
    auto sealed = mail_.incoming->seal();
    if (!sealed) {
        const bool full = sealed.error() == spool::SpoolError::DiskFull;
        warn("spool", full ? "no space left" : "cannot be written");
        return full ? failed(452, "4.3.1", "No room for this message now, try again later")
                    : failed(451, "4.3.0", "Message cannot be kept now, try again later");
    }
    mail_.message.emplace(std::move(sealed).value());
    mail_.incoming.reset();
    if (mail_.message->hops >= services_.settings.smtp.max_hops) {
        return failed(554, "5.4.6", "Too many hops, this looks like a mail loop");
    }
    return std::nullopt;
}

std::optional<smtp::Reply> MessageJob::analyze() {
    const settings::Analysis& analysis = services_.settings.analysis;
    const auto begun = Clock::now();
    auto report = services_.door.analyze(mail_.message->file.get(), mail_.message->size,
                                         host::MessageKind::Message, analysis.limits,
                                         begun + analysis.deadline);
    analysis_seconds_ = seconds_since(begun);
    services_.metrics.stage_seconds.with({"analysis"}).observe(analysis_seconds_);
    if (!report) {
        const bool late = report.error() == host::DoorFailure::Late;
        warn("analyzer_missing", late ? "no worker was free in time" : "no analyzer is running");
        return to_reply(verdict::analyzer_unavailable(mail_.id.text()));
    }
    report_.emplace(std::move(report).value());
    return std::nullopt;
}

std::vector<mail::Mailbox> MessageJob::recipients_with(bool held) const {
    std::vector<mail::Mailbox> chosen;
    for (std::size_t i = 0; i < mail_.recipients.size(); ++i) {
        const bool is_held = verdict_->recipients[i].action == Action::Quarantine;
        if (is_held == held) chosen.push_back(mail_.recipients[i]);
    }
    return chosen;
}

smtp::Reply MessageJob::decide() {
    if (auto reply = seal()) return *reply;
    if (auto reply = analyze()) return *reply;
    verdict_ = verdict::decide(*report_, services_.settings.policy, mail_.reverse_path(),
                               mail_.forward_paths());
    const verdict::Judgement& worst = verdict_->worst;
    if (worst.action == Action::Reject || worst.action == Action::Defer) {
        return to_reply(verdict::reply_for(worst.action, worst.mail_class, mail_.id.text()));
    }
    const std::vector<mail::Mailbox> held = recipients_with(true);
    const std::vector<mail::Mailbox> wanted = recipients_with(false);
    if (!held.empty()) {
        std::vector<std::string> paths;
        for (const mail::Mailbox& each : held) paths.push_back(each.text());
        if (auto reply = hold(paths, {})) return *reply;
        if (!wanted.empty() && !begin_again(wanted)) {
            return failed(451, "4.4.1", "The next hop does not answer, try again later");
        }
    }
    if (!wanted.empty()) return deliver(wanted);
    return to_reply(verdict::reply_for(Action::Quarantine, worst.mail_class, mail_.id.text()));
}

/// Stores the message for `paths`; `owed` of them are put into the outbox at once. nullopt: it is
/// safe on the disk.
std::optional<smtp::Reply> MessageJob::hold(const std::vector<std::string>& paths,
                                            std::vector<std::string> owed) {
    const auto begun = Clock::now();
    const auto words =
        verdict::reply_for(Action::Quarantine, verdict_->worst.mail_class, mail_.id.text());
    const std::string scan =
        verdict::scan_json(mail_.id.text(), "", envelope_facts(mail_), *report_, *verdict_,
                           std::to_string(words.code) + " " + words.enhanced + " " + words.text,
                           {analysis_seconds_ * 1000, seconds_since(begun_) * 1000});
    const auto kept = services_.store.put(held_record(mail_, *report_, *verdict_, paths, scan),
                                          mail_.message->file.get());
    services_.metrics.stage_seconds.with({"quarantine"}).observe(seconds_since(begun));
    if (!kept) {
        warn("quarantine", std::string(name(kept.error().kind)) + ": " + kept.error().detail);
        return kept.error().kind == quarantine::StoreErrorKind::Full
                   ? failed(452, "4.3.1", "No room for this message now, try again later")
                   : failed(451, "4.3.0", "Message cannot be kept now, try again later");
    }
    if (owed.empty()) return std::nullopt;
    const auto queued =
        services_.store.request_release(mail_.id, owed, {"gateway", ""}, /*confirm=*/true);
    if (!queued) warn("outbox", queued.error().detail);  // it stays held: a reviewer sees it
    return std::nullopt;
}

/// Some recipients are held: the transaction at the next hop names them all, so a new one is begun.
bool MessageJob::begin_again(const std::vector<mail::Mailbox>& recipients) {
    mail_.delivery.reset();
    auto begun = services_.next_hop.begin(mail_.envelope);
    if (!begun) return false;
    mail_.delivery.emplace(std::move(begun).value());
    return std::all_of(recipients.begin(), recipients.end(), [&](const mail::Mailbox& each) {
        return mail_.delivery->recipient({each, {}, {}}).positive();
    });
}

std::string MessageJob::trace() const {
    TraceFacts facts;
    facts.hostname = services_.settings.smtp.hostname;
    facts.helo = mail_.client.helo;
    facts.client_ip = mail_.client.address;
    facts.id = mail_.id.text();
    facts.tls = mail_.client.tls;
    facts.esmtp = mail_.client.extended;
    facts.smtputf8 = mail_.envelope.smtputf8;
    facts.time = std::time(nullptr);
    if (mail_.recipients.size() == 1) facts.forward_path = mail_.recipients.front().text();
    const auto tagged = std::any_of(verdict_->recipients.begin(), verdict_->recipients.end(),
                                    [](const auto& each) { return each.action == Action::Tag; });
    return verdict_field(verdict_->worst, tagged ? Action::Tag : Action::Deliver, facts.id) +
           received_field(facts);
}

smtp::Reply MessageJob::deliver(const std::vector<mail::Mailbox>& recipients) {
    const auto begun = Clock::now();
    const relay::Sent sent =
        mail_.delivery->send(trace(), mail_.message->file.get(), mail_.message->size);
    services_.metrics.stage_seconds.with({"relay"}).observe(seconds_since(begun));
    if (!sent.detail.empty()) warn("next_hop", sent.detail);
    const auto positive = std::count_if(sent.replies.begin(), sent.replies.end(),
                                        [](const auto& reply) { return reply.positive(); });
    if (sent.replies.size() != recipients.size()) {
        return failed(451, "4.4.1", "The next hop lost a recipient, try again later");
    }
    if (positive == 0) {
        const auto temporary = std::find_if(sent.replies.begin(), sent.replies.end(),
                                            [](const auto& reply) { return reply.temporary(); });
        const smtp::PeerReply& said =
            temporary == sent.replies.end() ? sent.replies.front() : *temporary;
        return {said.code, said.enhanced, said.text + " (" + mail_.id.text() + ")", {}};
    }
    if (positive != static_cast<std::ptrdiff_t>(sent.replies.size())) {
        return keep_the_rest(recipients, sent.replies);
    }
    return to_reply(
        verdict::reply_for(Action::Deliver, verdict_->worst.mail_class, mail_.id.text()));
}

/// LMTP: some have it, some do not. The client hears one reply, so what the next hop did not take
/// is kept here: tried again where it said 4xx, held for a person where it said 5xx.
smtp::Reply MessageJob::keep_the_rest(const std::vector<mail::Mailbox>& recipients,
                                      const std::vector<smtp::PeerReply>& replies) {
    std::vector<std::string> refused;
    std::vector<std::string> owed;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        if (replies[i].positive()) continue;
        refused.push_back(recipients[i].text());
        if (replies[i].temporary()) owed.push_back(recipients[i].text());
        warn("next_hop_refused_one", recipients[i].text() + ": " + replies[i].words());
    }
    // A copy for other recipients may be held already under this id.
    const quarantine::QuarantineId taken = mail_.id;
    if (!recipients_with(true).empty()) mail_.id = quarantine::QuarantineId::make();
    const auto problem = hold(refused, owed);
    mail_.id = taken;
    if (problem) return *problem;
    return to_reply(
        verdict::reply_for(Action::Deliver, verdict_->worst.mail_class, mail_.id.text()));
}

/// What really became of the message, in the words of the verdict.
Action outcome_of(const std::optional<verdict::Verdict>& verdict, const smtp::Reply& reply) {
    if (reply.code >= 500) return Action::Reject;
    if (reply.code >= 400 || !verdict) return Action::Defer;
    return verdict->worst.action;
}

void MessageJob::finish(const smtp::Reply& reply) {
    const Action action = outcome_of(verdict_, reply);
    const auto mail_class = verdict_ ? verdict_->worst.mail_class : verdict::MailClass::Unscanned;
    observe::GatewayMetrics& metrics = services_.metrics;
    metrics.messages
        .with({std::string(verdict::word(action)), std::string(verdict::word(mail_class))})
        .add();
    metrics.message_seconds.observe(seconds_since(begun_));
    if (report_) {
        for (const auto& finding : report_->findings) metrics.findings.with({finding.code}).add();
        for (const auto& error : report_->errors) {
            metrics.analyzer_errors.with({error.analyzer, std::string(analyzers::word(error.code))})
                .add();
        }
    }
    const std::vector<std::string> none;
    services_.log.line(
        observe::Level::Info, "message",
        {{"id", mail_.id.text()},
         {"connection", mail_.client.connection},
         {"client_ip", mail_.client.address},
         {"helo", clean_text(mail_.client.helo, 255)},
         {"tls", mail_.client.tls},
         {"reverse_path", mail_.reverse_path()},
         {"forward_paths", mail_.forward_paths()},
         {"size", mail_.message ? mail_.message->size : 0},
         {"sha256", mail_.message ? mail_.message->sha256 : std::string()},
         {"message_id", report_ ? report_->message.message_id : std::string()},
         {"action", verdict::word(action)},
         {"class", verdict::word(mail_class)},
         {"score", verdict_ ? verdict_->worst.score : 0.0},
         {"complete", report_ && report_->complete()},
         {"reasons", verdict_ ? verdict_->worst.reasons : none},
         {"reply", std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text},
         {"analysis_ms", analysis_seconds_ * 1000},
         {"total_ms", seconds_since(begun_) * 1000}});
}

}  // namespace

smtp::Reply decide_and_act(Mail& mail, const Services& services) {
    return MessageJob(mail, services).run();
}

}  // namespace postern::transaction
