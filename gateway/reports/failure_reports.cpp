#include "gateway/reports/failure_reports.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "gateway/auth/dmarc/report/destinations.hpp"
#include "gateway/auth/dmarc/report/failure_mail.hpp"
#include "gateway/auth/spf/record.hpp"
#include "gateway/mail/date_time.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/reports/queued_mail.hpp"

namespace postern::reports {
namespace {

using auth::dmarc::FailedMessage;
using observe::Level;

constexpr std::chrono::seconds kPause{60};  // between two lines about what was dropped
constexpr std::size_t kIdDigits = 32;
constexpr std::size_t kKeySize = 32;
constexpr dns::Budget kLookups{100, std::chrono::seconds(5), dns::TimePoint::max()};
constexpr std::chrono::seconds kLookupTime{20};
constexpr const char* kActor = "dmarc-failure-reports";

std::string random_key() {
    std::array<unsigned char, kKeySize> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
    return {bytes.begin(), bytes.end()};
}

/// The SPF record that the message was judged by; empty: there is none, or it cannot be told.
std::string spf_record_of(const FailedMessage& message, dns::Inquiry& inquiry) {
    const bool failed = message.failures.spf || message.failures.sender;
    const auto& spf = message.results.spf;
    if (!failed || !spf || spf->domain.empty() || spf->result == auth::SpfResult::None) return {};
    const dns::Answer answer = inquiry.lookup({spf->domain, dns::RecordType::Txt});
    const auto found = std::find_if(answer.texts.begin(), answer.texts.end(), auth::spf::is_spf);
    return found == answer.texts.end() ? std::string() : *found;
}

}  // namespace

FailureReports::FailureReports(quarantine::Store& store, dns::Resolver& resolver,
                               const auth::OutgoingSigner& signer, observe::Log& log,
                               FailureReportSettings settings, Clock clock)
    : store_(store),
      resolver_(resolver),
      signer_(signer),
      log_(log),
      settings_(std::move(settings)),
      clock_(std::move(clock)),
      key_(random_key()),
      limit_(settings_.most_per_domain, settings_.most_per_hour) {}

FailureReports::~FailureReports() {
    stop();
}

void FailureReports::add(FailedMessage message) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= settings_.most_waiting ||
            !limit_.take(message.policy_domain, clock_())) {
            ++dropped_;
            return;
        }
        waiting_.push_back(std::move(message));
    }
    wake_.notify_one();
}

void FailureReports::start() {
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
}

void FailureReports::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    {
        const std::lock_guard lock(mutex_);
        dropped_ += waiting_.size();
        waiting_.clear();
    }
    tell_dropped();
}

void FailureReports::run(const std::stop_token& stopping) {
    while (!stopping.stop_requested()) {
        run_once(stopping);
        tell_dropped();
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stopping, kPause, [this] { return !waiting_.empty(); });
    }
}

std::size_t FailureReports::run_once(const std::stop_token& stopping) {
    std::size_t mails = 0;
    while (!stopping.stop_requested()) {
        std::optional<FailedMessage> message;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.empty()) break;
            message = std::move(waiting_.front());
            waiting_.pop_front();
        }
        mails += report(*message);
    }
    return mails;
}

bool FailureReports::take(const std::string& policy_domain) {
    const std::lock_guard lock(mutex_);
    if (limit_.take(policy_domain, clock_())) return true;
    ++dropped_;
    return false;
}

std::size_t FailureReports::report(const FailedMessage& message) {
    dns::Budget budget = kLookups;
    budget.deadline = std::chrono::steady_clock::now() + kLookupTime;
    dns::Inquiry inquiry(resolver_, budget);
    const auto destinations = auth::dmarc::verified_destinations(
        message.policy_domain, message.ruf, inquiry, auth::dmarc::ReportKind::Failure);
    for (const std::string& each : destinations.refused) tell(message, "refused", each);
    if (destinations.incomplete) tell(message, "dropped", "who wants it could not be looked up");
    if (destinations.mailboxes.empty()) return 0;
    const std::string spf_record = spf_record_of(message, inquiry);
    std::size_t mails = 0;
    for (const std::string& mailbox : destinations.mailboxes) {
        // The place of the first one was taken when the message came.
        if (mails > 0 && !take(message.policy_domain)) break;
        const bool queued = queue(message, mailbox, spf_record);
        tell(message, queued ? "queued" : "dropped", queued ? mailbox : mailbox + ": not queued");
        mails += queued ? 1U : 0U;
    }
    return mails;
}

bool FailureReports::queue(const FailedMessage& message, const std::string& mailbox,
                           const std::string& spf_record) {
    const quarantine::UnixMs now = clock_();
    const auto& dmarc = message.results.dmarc;
    const auth::dmarc::Redactor redactor(key_, dmarc ? dmarc->organizational_domain : "",
                                         message.recipients);
    const std::string id = auth::dmarc::keyed_hash(key_, message.id + ' ' + mailbox);
    const auth::dmarc::FailureMail mail{settings_.hostname,
                                        settings_.authserv_id,
                                        settings_.organization,
                                        settings_.from,
                                        mailbox,
                                        mail::date_time(now / 1000),
                                        id.substr(0, kIdDigits),
                                        spf_record};
    const std::string signed_message =
        signer_.own(failure_message(message, mail, redactor), domain_of(settings_.from),
                    static_cast<std::uint64_t>(now / 1000));
    return queue_mail(store_,
                      {settings_.from, mailbox,
                       "DMARC failure report for " + (dmarc ? dmarc->domain : std::string()),
                       "<" + mail.id + "@" + settings_.hostname + ">"},
                      signed_message, kActor, now);
}

void FailureReports::tell(const FailedMessage& message, const char* result,
                          const std::string& detail) {
    log_.line(Level::Info, "dmarc_failure_report",
              {{"id", message.id},
               {"domain", message.policy_domain},
               {"result", result},
               {"detail", detail}});
}

void FailureReports::tell_dropped() {
    std::uint64_t dropped = 0;
    {
        const std::lock_guard lock(mutex_);
        dropped = std::exchange(dropped_, 0);
    }
    if (dropped == 0) return;
    log_.line(Level::Warning, "dmarc_failure_reports_dropped", {{"reports", dropped}});
}

}  // namespace postern::reports
