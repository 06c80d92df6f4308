#pragma once

/// @file DMARC failure reports (RFC 9991) from the message to the outbox: a bounded queue, limits
/// an hour, mail to whom the policy's domain names.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "gateway/auth/dmarc/report/failure.hpp"
#include "gateway/auth/outgoing.hpp"
#include "gateway/dns/resolver.hpp"
#include "gateway/reports/hourly_limit.hpp"
#include "quarantine/store.hpp"

namespace postern::observe {
class Log;
}

namespace postern::reports {

struct FailureReportSettings {
    std::string hostname;                               ///< ours
    std::string authserv_id;                            ///< who authenticated
    std::string organization;                           ///< who reports
    std::string from;                                   ///< mailbox
    std::size_t most_per_domain = 10;                   ///< mails about one policy in an hour
    std::size_t most_per_hour = 100;                    ///< mails, all policies
    std::size_t most_waiting = 100;                     ///< messages in memory
    std::size_t header_bytes = std::size_t{16} << 10U;  ///< of a message's header
};

class FailureReports {
public:
    using Clock = std::function<quarantine::UnixMs()>;

    /// All references must outlive this.
    FailureReports(quarantine::Store& store, dns::Resolver& resolver,
                   const auth::OutgoingSigner& signer, observe::Log& log,
                   FailureReportSettings settings, Clock clock = quarantine::now_ms);
    ~FailureReports();
    FailureReports(const FailureReports&) = delete;
    FailureReports& operator=(const FailureReports&) = delete;

    [[nodiscard]] const FailureReportSettings& settings() const { return settings_; }

    /// Touches memory only. Beyond the limits a message is dropped, and counted. What waits is lost
    /// with the process: a report that is missing harms nobody, one that is sent twice does.
    void add(auth::dmarc::FailedMessage message);

    void start();
    /// Joins the thread. What still waits is dropped, and counted.
    void stop();

    /// Queues reports of what waits; how many mails. Asks the DNS, and waits for it. Ends early
    /// when `stopping` says so.
    std::size_t run_once(const std::stop_token& stopping = {});

private:
    void run(const std::stop_token& stopping);
    [[nodiscard]] std::size_t report(const auth::dmarc::FailedMessage& message);
    [[nodiscard]] bool queue(const auth::dmarc::FailedMessage& message, const std::string& mailbox,
                             const std::string& spf_record);
    [[nodiscard]] bool take(const std::string& policy_domain);
    void tell(const auth::dmarc::FailedMessage& message, const char* result,
              const std::string& detail);
    void tell_dropped();

    quarantine::Store& store_;
    dns::Resolver& resolver_;
    const auth::OutgoingSigner& signer_;
    observe::Log& log_;
    const FailureReportSettings settings_;
    const Clock clock_;
    const std::string key_;  ///< of what is hidden, and of ids; random, never leaves the process
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<auth::dmarc::FailedMessage> waiting_;  ///< guarded by mutex_
    HourlyLimit limit_;                               ///< likewise
    std::uint64_t dropped_ = 0;                       ///< likewise, since it was told
    std::jthread thread_;
};

}  // namespace postern::reports
