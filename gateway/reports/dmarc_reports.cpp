#include "gateway/reports/dmarc_reports.hpp"

#include <algorithm>
#include <utility>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/sha256.hpp"
#include "gateway/auth/dmarc/report/destinations.hpp"
#include "gateway/auth/dmarc/report/mail.hpp"
#include "gateway/auth/dmarc/report/stored.hpp"
#include "gateway/mail/date_time.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/reports/queued_mail.hpp"

namespace postern::reports {
namespace {

using observe::Level;
using quarantine::Tally;
using quarantine::TallyPeriod;
using quarantine::UnixMs;

constexpr std::size_t kPeriodsAtOnce = 1000;
constexpr std::chrono::seconds kLongestWait{60};  // the clock of the wall may jump
constexpr std::chrono::seconds kPauseAfterFailure{1};
constexpr std::chrono::milliseconds kGather{50};  // at most 20 transactions a second
constexpr std::size_t kIdDigits = 32;
constexpr dns::Budget kLookups{200, std::chrono::seconds(5), dns::TimePoint::max()};
constexpr std::chrono::seconds kLookupTime{60};
constexpr const char* kActor = "dmarc-reports";

}  // namespace

DmarcReports::DmarcReports(quarantine::Store& store, dns::Resolver& resolver,
                           const auth::OutgoingSigner& signer, observe::Log& log,
                           ReportSettings settings, Clock clock)
    : store_(store),
      resolver_(resolver),
      signer_(signer),
      log_(log),
      settings_(std::move(settings)),
      clock_(std::move(clock)) {}

DmarcReports::~DmarcReports() {
    stop();
}

void DmarcReports::add(const auth::dmarc::Reportable& message) {
    std::pair key(policy_text(message.policy), row_text(message.row));
    {
        const std::lock_guard lock(mutex_);
        const auto known = waiting_.find(key);
        if (known != waiting_.end()) {
            ++known->second;
        } else if (waiting_.size() < settings_.most_waiting) {
            waiting_.emplace(std::move(key), 1);
        } else {
            ++dropped_;
        }
    }
    wake_.notify_one();
}

void DmarcReports::start() {
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
}

void DmarcReports::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    (void)flush();
}

/// When run_once() may have something to do; not later than a minute from now.
UnixMs DmarcReports::next_look() const {
    const UnixMs now = clock_();
    const UnixMs longest = now + std::chrono::milliseconds(kLongestWait).count();
    const auto begun = store_.tallies().begun();
    const UnixMs due = begun && *begun > 0 ? *begun + settings_.interval.count() : 0;
    return std::min(due > now ? due : now + settings_.interval.count(), longest);
}

void DmarcReports::run(const std::stop_token& stopping) {
    const auto never = [] { return false; };
    UnixMs look_at = 0;
    while (!stopping.stop_requested()) {
        const bool written = flush();
        if (clock_() >= look_at) {
            run_once();
            look_at = next_look();
        }
        std::unique_lock lock(mutex_);
        if (!written) {
            wake_.wait_for(lock, stopping, kPauseAfterFailure, never);
            continue;
        }
        const auto pause = std::chrono::milliseconds(std::max<UnixMs>(look_at - clock_(), 1));
        if (wake_.wait_for(lock, stopping, pause, [this] { return !waiting_.empty(); })) {
            wake_.wait_for(lock, stopping, kGather, never);
        }
    }
}

bool DmarcReports::flush() {
    Rows rows;
    std::uint64_t dropped = 0;
    {
        const std::lock_guard lock(mutex_);
        rows.swap(waiting_);
        dropped = std::exchange(dropped_, 0);
    }
    drop(dropped);
    if (rows.empty()) return true;
    std::vector<Tally> tallies;
    for (const auto& [key, count] : rows) tallies.push_back({key.first, key.second, count});
    const auto refused = store_.tallies().add(tallies, settings_.most_rows);
    if (refused) {
        drop(*refused);
        return true;
    }
    log_.line(Level::Warning, "dmarc_counts_not_written", {{"error", refused.error().detail}});
    put_back(rows);
    return false;
}

void DmarcReports::put_back(const Rows& rows) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, count] : rows) waiting_[key] += count;
}

void DmarcReports::drop(std::uint64_t count) {
    if (count == 0) return;
    log_.line(Level::Warning, "dmarc_counts_dropped", {{"messages", count}});
}

std::size_t DmarcReports::run_once() {
    const UnixMs now = clock_();
    const auto ended = store_.tallies().close(now - settings_.interval.count());
    if (!ended) log_.line(Level::Warning, "dmarc_reports", {{"error", ended.error().detail}});
    if (!ended || (!*ended && now < retry_at_)) return 0;
    const auto periods = store_.tallies().closed(kPeriodsAtOnce);
    if (!periods) return 0;
    std::size_t mails = 0;
    bool later = periods->size() == kPeriodsAtOnce;
    for (const TallyPeriod& period : *periods) {
        const bool settled =
            report(period, mails) != Ended::Later && store_.tallies().remove(period).has_value();
        later = later || !settled;
    }
    retry_at_ = later ? now + settings_.retry.count() : 0;
    return mails;
}

DmarcReports::Ended DmarcReports::give_up(const TallyPeriod& period, const std::string& why) {
    const bool over = clock_() - period.end >= settings_.give_up.count();
    tell(period, over ? "dropped" : "later", why);
    return over ? Ended::Dropped : Ended::Later;
}

DmarcReports::Ended DmarcReports::report(const TallyPeriod& period, std::size_t& mails) {
    auto policy = auth::dmarc::parse_policy(period.subject);
    const auto rows = store_.tallies().rows(period, settings_.most_rows);
    if (!rows) return give_up(period, rows.error().detail);
    if (!policy) return give_up(period, "the stored policy cannot be read");
    dns::Budget budget = kLookups;
    budget.deadline = std::chrono::steady_clock::now() + kLookupTime;
    dns::Inquiry inquiry(resolver_, budget);
    const auto destinations =
        auth::dmarc::verified_destinations(policy->domain, policy->record.rua, inquiry);
    if (destinations.incomplete && destinations.mailboxes.empty()) {
        return give_up(period, "who wants it could not be looked up");
    }
    for (const std::string& each : destinations.refused) tell(period, "refused", each);
    auth::dmarc::AggregateReport made(std::move(*policy), settings_.most_rows);
    for (const Tally& each : *rows) {
        const auto row = auth::dmarc::parse_row(each.row);
        if (row) made.add(*row, each.count);
    }
    for (const std::string& mailbox : destinations.mailboxes) {
        if (!queue(period, made, mailbox)) return give_up(period, mailbox + ": not queued");
        ++mails;
    }
    return destinations.mailboxes.empty() ? Ended::Dropped : Ended::Queued;
}

/// The id is made from what is reported, so that a report that goes out twice is seen to be one.
bool DmarcReports::queue(const TallyPeriod& period, const auth::dmarc::AggregateReport& report,
                         const std::string& mailbox) {
    const UnixMs now = clock_();
    auth::dmarc::ReportFacts facts{settings_.organization, settings_.from, {}, 0, 0};
    facts.begin = period.begin / 1000;
    facts.end = std::max(period.end / 1000 - 1, facts.begin);
    const std::string named = settings_.hostname + ' ' + std::to_string(period.begin) + ' ' +
                              std::to_string(period.end) + ' ' + period.subject;
    facts.id = sha256_hex(as_bytes(named)).substr(0, kIdDigits);
    const auto mail = report_message(
        report, facts, {settings_.hostname, settings_.from, mailbox, mail::date_time(now / 1000)});
    if (!mail) return false;
    const std::string message =
        signer_.own(*mail, domain_of(settings_.from), static_cast<std::uint64_t>(now / 1000));
    if (message.size() > settings_.most_bytes) {
        tell(period, "too_large", mailbox + ": " + std::to_string(message.size()) + " bytes");
        return true;
    }
    const OwnMail own{settings_.from, mailbox, "Report Domain: " + report.policy().domain,
                      "<" + facts.id + "@" + settings_.hostname + ">"};
    if (!queue_mail(store_, own, message, kActor, now)) return false;
    tell(period, "queued", mailbox);
    return true;
}

void DmarcReports::tell(const TallyPeriod& period, const char* result, const std::string& detail) {
    log_.line(Level::Info, "dmarc_report",
              {{"domain", period.subject.substr(0, period.subject.find(' '))},
               {"result", result},
               {"detail", detail},
               {"end", period.end}});
}

}  // namespace postern::reports
