#include "gateway/transaction/greylisting.hpp"

#include <algorithm>
#include <ctime>

#include "analyzers/api/catalogue.hpp"
#include "gateway/checks/message/grey_band.hpp"
#include "gateway/checks/opinions.hpp"

namespace postern::transaction {
namespace {

using checks::Mode;
using verdict::Action;

bool would_be_delivered(const verdict::Verdict& verdict) {
    return std::all_of(verdict.recipients.begin(), verdict.recipients.end(), [](const auto& each) {
        return each.action == Action::Deliver || each.action == Action::Tag;
    });
}

/// How long the sender has to wait for all recipients; 0: not at all.
struct Wait {
    std::chrono::seconds longest{0};
    bool asked_to = false;
    std::string detail;
    std::string error;
};

Wait ask_all(const Mail& mail, const checks::GreyBand& band) {
    const state::Greylist list(mail.visit->services.state, band.settings);
    Wait wait;
    for (const relay::Recipient& each : mail.recipients) {
        const auto answer =
            list.ask({mail.facts.connection.client, authenticated_domain(mail.facts.message->auth),
                      mail.envelope.reverse_path, each.forward_path},
                     std::time(nullptr));
        if (!answer) {
            wait.error = answer.error().detail;
            continue;
        }
        if (answer->pass) continue;
        wait.asked_to = true;
        wait.longest = std::max(wait.longest, answer->wait);
        wait.detail = std::string(name(answer->reason)) + ", " + answer->host;
    }
    return wait;
}

void show(Course& course, const analyzers::Finding& finding) {
    course.verdict->findings.push_back({finding, Mode::Monitor});
}

}  // namespace

std::optional<mail::Domain> authenticated_domain(const auth::Results& results) {
    const auto domain_of = [](const std::string& text) -> std::optional<mail::Domain> {
        auto domain = mail::Domain::parse(text);
        return domain ? std::optional(std::move(domain).value()) : std::nullopt;
    };
    if (results.dmarc && results.dmarc->result == auth::DmarcResult::Pass) {
        return domain_of(results.dmarc->domain);
    }
    for (const auth::Dkim& each : results.dkim) {
        if (auth::authenticates(each) && !each.testing) return domain_of(each.domain);
    }
    if (results.spf && results.spf->result == auth::SpfResult::Pass) {
        return domain_of(results.spf->domain);
    }
    return std::nullopt;
}

std::optional<smtp::Reply> greylist(Mail& mail, Course& course) {
    const checks::Configured& check = mail.visit->services.checks.at("greylist");
    if (check.mode == Mode::Off || mail.facts.connection.trusted) return std::nullopt;
    const checks::GreyBand band = checks::grey_band(check.options);
    const double score = course.verdict->worst.score;
    if (score < band.from || score >= band.to || !would_be_delivered(*course.verdict)) {
        return std::nullopt;
    }
    const Wait wait = ask_all(mail, band);
    if (!wait.error.empty()) {
        show(course, checks::undecided("greylist", wait.error).finding);
    }
    const char* outcome = wait.asked_to ? "refused" : wait.error.empty() ? "clear" : "undecided";
    mail.visit->services.metrics.checks.with({"greylist", outcome}).add();
    if (!wait.asked_to) return std::nullopt;
    show(course, analyzers::finding("GREYLISTED", wait.detail));
    if (check.mode != Mode::Enforce) return std::nullopt;
    course.greylisted = true;
    course.refused_by = "greylist";
    return own_reply(mail, 451, "4.7.1",
                     "Please try again in " + std::to_string(wait.longest.count()) + " seconds");
}

}  // namespace postern::transaction
