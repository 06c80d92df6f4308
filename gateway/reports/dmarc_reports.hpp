#pragma once

/// @file DMARC aggregate reports from the first message to the outbox: counts in the store, one
/// report per policy and interval, mail to whom the policy's domain names.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/auth/dmarc/report/aggregate.hpp"
#include "gateway/auth/outgoing.hpp"
#include "gateway/dns/resolver.hpp"
#include "quarantine/store.hpp"

namespace postern::observe {
class Log;
}

namespace postern::reports {

struct ReportSettings {
    std::string hostname;      ///< ours
    std::string organization;  ///< who reports
    std::string from;          ///< mailbox
    std::chrono::milliseconds interval = std::chrono::hours(24);
    std::uint64_t most_rows = 20'000;                            ///< of one interval, all policies
    std::uint64_t most_bytes = std::uint64_t{10} << 20U;         ///< of one report as mail
    std::size_t most_waiting = 10'000;                           ///< rows not yet written
    std::chrono::milliseconds retry = std::chrono::hours(1);     ///< after a failed look-up
    std::chrono::milliseconds give_up = std::chrono::hours(72);  ///< after the interval's end
};

class DmarcReports {
public:
    using Clock = std::function<quarantine::UnixMs()>;

    /// All references must outlive this. `clock` is the store's.
    DmarcReports(quarantine::Store& store, dns::Resolver& resolver,
                 const auth::OutgoingSigner& signer, observe::Log& log, ReportSettings settings,
                 Clock clock = quarantine::now_ms);
    ~DmarcReports();
    DmarcReports(const DmarcReports&) = delete;
    DmarcReports& operator=(const DmarcReports&) = delete;

    /// Never blocks on the disk: the thread writes all that waits in one transaction. A process
    /// that is killed loses what waits, 50 ms' worth or so.
    void add(const auth::dmarc::Reportable& message);

    void start();
    /// Joins the thread; what is added later is written by flush().
    void stop();

    /// Writes what waits. False: the store refused, and it waits on.
    bool flush();
    /// Ends an interval that is over, and queues the reports of those that ended; how many mails.
    /// Counts are removed only when all their mails are in the outbox: killed in between, the same
    /// report, with the same id, goes out again.
    std::size_t run_once();

private:
    using Rows = std::map<std::pair<std::string, std::string>, std::uint64_t>;
    enum class Ended { Queued, Later, Dropped };

    void run(const std::stop_token& stopping);
    [[nodiscard]] quarantine::UnixMs next_look() const;
    void put_back(const Rows& rows);
    void drop(std::uint64_t count);
    [[nodiscard]] Ended report(const quarantine::TallyPeriod& period, std::size_t& mails);
    [[nodiscard]] bool queue(const quarantine::TallyPeriod& period,
                             const auth::dmarc::AggregateReport& report,
                             const std::string& mailbox);
    [[nodiscard]] Ended give_up(const quarantine::TallyPeriod& period, const std::string& why);
    void tell(const quarantine::TallyPeriod& period, const char* result, const std::string& detail);

    quarantine::Store& store_;
    dns::Resolver& resolver_;
    const auth::OutgoingSigner& signer_;
    observe::Log& log_;
    const ReportSettings settings_;
    const Clock clock_;
    quarantine::UnixMs retry_at_ = 0;  ///< on the thread only, as run_once()
    std::mutex mutex_;
    std::condition_variable_any wake_;
    Rows waiting_;               ///< guarded by mutex_
    std::uint64_t dropped_ = 0;  ///< likewise, since it was told
    std::jthread thread_;
};

}  // namespace postern::reports
