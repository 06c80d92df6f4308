#include "gateway/transaction/message_job.hpp"

#include "gateway/dns/from_settings.hpp"
#include "gateway/transaction/authenticate.hpp"
#include "gateway/transaction/contacts.hpp"
#include "gateway/transaction/course.hpp"
#include "gateway/transaction/disposal.hpp"
#include "gateway/transaction/errand.hpp"
#include "gateway/transaction/greylisting.hpp"
#include "gateway/transaction/message_line.hpp"
#include "gateway/transaction/received_reports.hpp"
#include "gateway/transaction/report_row.hpp"
#include "gateway/verdict/replies.hpp"

namespace postern::transaction {
namespace {

using checks::Part;
using checks::Stage;
using verdict::Action;

/// One message's way through the last stage, step by step; each step may end it with a reply.
class MessageJob {
public:
    explicit MessageJob(Mail& mail) : mail_(mail), services_(mail.visit->services) {}

    smtp::Reply run() {
        const smtp::Reply reply = decide();
        mail_.delivery.reset();  // whatever was not sent is abandoned
        count_for_report(mail_, course_, reply);
        report_failure(mail_, course_, reply);
        keep_received_reports(mail_, course_, reply);
        tell(mail_, course_, reply);
        note_contacts(mail_, course_, reply);
        return reply;
    }

private:
    using Ended = std::optional<smtp::Reply>;

    smtp::Reply decide();
    [[nodiscard]] Ended seal();
    [[nodiscard]] Ended check(Stage stage, Part part, dns::Inquiry& inquiry);
    [[nodiscard]] Ended analyze();
    void find_sender();
    [[nodiscard]] Ended look_outside(dns::Inquiry& inquiry);
    [[nodiscard]] Ended examine_message();
    void judge();

    Mail& mail_;
    const Services& services_;
    Course course_;
};

MessageJob::Ended MessageJob::seal() {
    auto sealed = mail_.incoming->seal();
    if (!sealed) {
        const bool full = sealed.error() == spool::SpoolError::DiskFull;
        warn(mail_, "spool", full ? "no space left" : "cannot be written");
        return full
                   ? own_reply(mail_, 452, "4.3.1", "No room for this message now, try again later")
                   : own_reply(mail_, 451, "4.3.0", "Message cannot be kept now, try again later");
    }
    mail_.message.emplace(std::move(sealed).value());
    mail_.incoming.reset();
    checks::MessageFacts& facts = mail_.facts.message.emplace();
    facts.header = mail_.message->header;
    facts.size = mail_.message->size;
    for (const relay::Recipient& each : mail_.recipients) {
        facts.recipients.push_back(each.forward_path);
    }
    return std::nullopt;
}

MessageJob::Ended MessageJob::check(Stage stage, Part part, dns::Inquiry& inquiry) {
    examine(services_, stage, part, mail_.facts, inquiry, mail_.heard);
    if (!mail_.heard.refusal) return std::nullopt;
    course_.refused_by = std::string(mail_.heard.refused_by);
    return traced(*mail_.heard.refusal, mail_.id.text());
}

MessageJob::Ended MessageJob::analyze() {
    const settings::Analysis& analysis = services_.settings.analysis;
    const auto begun = Clock::now();
    auto report = services_.door.analyze(mail_.message->file.get(), mail_.message->size,
                                         host::MessageKind::Message, analysis.limits,
                                         begun + analysis.deadline);
    course_.analysis_seconds = seconds_since(begun);
    services_.metrics.stage_seconds.with({"analysis"}).observe(course_.analysis_seconds);
    if (!report) {
        const bool late = report.error() == host::DoorFailure::Late;
        warn(mail_, "analyzer_missing",
             late ? "no worker was free in time" : "no analyzer is running");
        const auto words = verdict::analyzer_unavailable(mail_.id.text());
        return smtp::Reply{words.code, words.enhanced, words.text};
    }
    course_.report.emplace(std::move(report).value());
    mail_.facts.message->report = &*course_.report;
    return std::nullopt;
}

void MessageJob::find_sender() {
    const auto begun = Clock::now();
    dns::Inquiry inquiry(services_.resolver, dns::message_budget(services_.settings.dns));
    authenticate(mail_, inquiry);
    course_.auth_seconds = seconds_since(begun);
    services_.metrics.stage_seconds.with({"auth"}).observe(course_.auth_seconds);
}

/// What else asks the world outside about the message: lists, and the checks of the envelope whose
/// questions were asked as soon as they could be.
MessageJob::Ended MessageJob::look_outside(dns::Inquiry& inquiry) {
    for (const Stage stage : {Stage::Connection, Stage::Helo, Stage::Sender}) {
        (void)check(stage, Part::Deferred, inquiry);  // none of these is to enforce
    }
    for (const Part part : {Part::AtOnce, Part::Store, Part::Dns, Part::Deferred}) {
        if (auto reply = check(Stage::Message, part, inquiry)) return reply;
    }
    return std::nullopt;
}

/// The jail, and beside it who sent the message: what takes longer is what the client waits for.
/// The questions of lists and checks are on their way while the sender's are answered, so that a
/// slow server is waited for once. They have a count of their own: a message full of links leaves
/// its sender as many look-ups as any.
MessageJob::Ended MessageJob::examine_message() {
    Errand sender(services_.pool, [&] { find_sender(); });
    if (auto reply = analyze()) return reply;
    dns::Inquiry inquiry(services_.resolver, dns::message_budget(services_.settings.dns));
    for (const Stage stage : {Stage::Connection, Stage::Helo, Stage::Sender, Stage::Message}) {
        ask_ahead(services_, stage, mail_.facts, inquiry);
    }
    sender.finish();
    return look_outside(inquiry);
}

void MessageJob::judge() {
    verdict::Evidence evidence{*course_.report};
    for (const checks::Kept& each : mail_.heard.findings) {
        evidence.checked.push_back({each.finding, each.mode});
    }
    course_.verdict = verdict::decide(
        evidence, services_.settings.policy, mail_.reverse_path(), mail_.forward_paths(),
        mail_.per_recipient ? verdict::Replies::Each : verdict::Replies::One);
    if (course_.verdict->worst.mail_class == verdict::MailClass::Malware) {
        offend(services_, mail_.facts.connection, "malware", "sent malware");
    }
}

smtp::Reply MessageJob::decide() {
    if (auto reply = seal()) return *reply;
    for (const Part part : {Part::AtOnce, Part::Store, Part::Dns, Part::Deferred}) {
        if (auto reply = check(Stage::Data, part, mail_.inquiry)) return *reply;
    }
    if (auto reply = examine_message()) return *reply;
    judge();
    if (auto reply = greylist(mail_, course_)) return *reply;
    if (!remove_foreign_results(mail_)) {
        warn(mail_, "spool", "the message cannot be written anew");
        return own_reply(mail_, 451, "4.3.0", "Message cannot be kept now, try again later");
    }
    return Disposal(mail_, course_).carry_out();
}

}  // namespace

void warn(const Mail& mail, const char* event, const std::string& error) {
    mail.visit->services.log.line(observe::Level::Warning, event,
                                  {{"id", mail.id.text()}, {"error", error}});
}

smtp::Reply decide_and_act(Mail& mail) {
    return MessageJob(mail).run();
}

}  // namespace postern::transaction
