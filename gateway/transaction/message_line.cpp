#include "gateway/transaction/message_line.hpp"

#include "analyzers/api/json.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/checks/opinions.hpp"

namespace postern::transaction {
namespace {

using verdict::Action;

constexpr std::size_t kMostUndecided = 20;
constexpr std::size_t kLongestDetail = 200;

/// What really became of the message, in the words of the verdict.
Action outcome_of(const Course& course, const smtp::Reply& reply) {
    if (reply.code >= 500) return Action::Reject;
    if (reply.code >= 400 || !course.verdict) return Action::Defer;
    return course.verdict->worst.action;
}

std::string_view word(smtp::DataDefect defect) {
    switch (defect) {
        case smtp::DataDefect::BareLineEnd:
            return "bare line end";
        case smtp::DataDefect::Nul:
            return "NUL";
        case smtp::DataDefect::TooBig:
            return "too big";
        case smtp::DataDefect::HeaderTooBig:
            return "header too big";
        case smtp::DataDefect::LineTooLong:
            return "line too long";
    }
    return "defect";
}

void count(const Mail& mail, const Course& course, Action action, verdict::MailClass mail_class) {
    observe::GatewayMetrics& metrics = mail.visit->services.metrics;
    metrics.messages
        .with({std::string(verdict::word(action)), std::string(verdict::word(mail_class))})
        .add();
    metrics.message_seconds.observe(seconds_since(course.begun));
    for (const checks::Kept& each : mail.heard.findings) {
        metrics.findings.with({each.finding.code}).add();
    }
    if (!course.report) return;
    for (const auto& finding : course.report->findings) metrics.findings.with({finding.code}).add();
    for (const auto& error : course.report->errors) {
        metrics.analyzer_errors.with({error.analyzer, std::string(analyzers::word(error.code))})
            .add();
    }
}

std::vector<std::string> codes_of(const Mail& mail, const Course& course) {
    std::vector<std::string> codes;
    if (course.verdict) {
        for (const auto& each : course.verdict->findings) codes.push_back(each.finding.code);
    } else {
        for (const auto& each : mail.heard.findings) codes.push_back(each.finding.code);
    }
    return codes;
}

/// What could not be told, and why: without points it is easily overlooked among the codes.
std::vector<std::string> undecided_of(const Mail& mail) {
    std::vector<std::string> told;
    for (const checks::Kept& each : mail.heard.findings) {
        if (!checks::is_undecided(each.finding)) continue;
        if (told.size() == kMostUndecided) break;
        told.push_back(clean_text(each.finding.detail, kLongestDetail));
    }
    return told;
}

/// "pass", "fail"...; empty: not asked.
template <class Result>
std::string result_word(const std::optional<Result>& result) {
    return result ? std::string(auth::word(result->result)) : std::string();
}

}  // namespace

void tell(const Mail& mail, const Course& course, const smtp::Reply& reply) {
    const Action action = outcome_of(course, reply);
    const auto mail_class =
        course.verdict ? course.verdict->worst.mail_class : verdict::MailClass::Unscanned;
    count(mail, course, action, mail_class);
    const std::vector<std::string> none;
    const auth::Results results = mail.facts.message ? mail.facts.message->auth : auth::Results();
    mail.visit->services.log.line(
        observe::Level::Info, "message",
        {{"id", mail.id.text()},
         {"connection", mail.visit->id},
         {"client_ip", mail.client_ip()},
         {"client_name", mail.facts.connection.iprev.name},
         {"helo", clean_text(mail.helo(), 255)},
         {"tls", mail.tls},
         {"reverse_path", mail.reverse_path()},
         {"forward_paths", mail.forward_paths()},
         {"size", mail.message ? mail.message->size : 0},
         {"sha256", mail.message ? mail.message->sha256 : std::string()},
         {"message_id", course.report ? course.report->message.message_id : std::string()},
         {"spf", result_word(results.spf)},
         {"dmarc", result_word(results.dmarc)},
         {"action", verdict::word(action)},
         {"class", verdict::word(mail_class)},
         {"score", course.verdict ? course.verdict->worst.score : 0.0},
         {"complete", course.report && course.report->complete()},
         {"reasons", course.verdict ? course.verdict->worst.reasons : none},
         {"findings", codes_of(mail, course)},
         {"undecided", undecided_of(mail)},
         {"refused_by", course.refused_by},
         {"reply", words_of(reply)},
         {"auth_ms", course.auth_seconds * 1000},
         {"analysis_ms", course.analysis_seconds * 1000},
         {"total_ms", seconds_since(course.begun) * 1000}});
}

void log_refused_data(const Mail& mail, smtp::DataDefect defect, const smtp::Reply& reply) {
    mail.visit->services.metrics.messages.with({"reject", "policy"}).add();
    mail.visit->services.log.line(observe::Level::Info, "message",
                                  {{"id", mail.id.text()},
                                   {"connection", mail.visit->id},
                                   {"client_ip", mail.client_ip()},
                                   {"helo", clean_text(mail.helo(), 255)},
                                   {"tls", mail.tls},
                                   {"reverse_path", mail.reverse_path()},
                                   {"forward_paths", mail.forward_paths()},
                                   {"size", mail.incoming ? mail.incoming->size() : 0},
                                   {"action", "reject"},
                                   {"class", "policy"},
                                   {"complete", false},
                                   {"refused_by", "data"},
                                   {"defect", word(defect)},
                                   {"reply", words_of(reply)}});
}

}  // namespace postern::transaction
