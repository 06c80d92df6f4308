#pragma once

/// @file Delivers what the quarantine owes: one thread that takes due releases, has each message
/// looked at again, hands it to the next hop and writes down what came of it.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "gateway/relay/next_hop.hpp"
#include "quarantine/store.hpp"

namespace postern::observe {
class Log;
}

namespace postern::relay {

/// `prefix`: header fields to put on top, whole and CRLF ended.
struct DeliverNow {
    std::string prefix = {};
};
/// The second look found something. Delivered all the same when a reviewer has confirmed exactly
/// this `detail`.
struct NeedsConfirmation {
    std::string detail;
    std::string prefix = {};  ///< as in DeliverNow, for when it was confirmed
};
/// Could not look, e.g. no analyzer: again later.
struct RetryLater {
    std::string why;
};
using Decision = std::variant<DeliverNow, NeedsConfirmation, RetryLater>;

/// Looks at a held message again. `message` is a sealed memfd, read by pread; borrowed. Called on
/// the runner's thread. Must not throw.
using Rescan = std::function<Decision(const quarantine::Record& record, int message)>;

struct OutboxSettings {
    std::chrono::milliseconds poll = std::chrono::seconds(1);  ///< between looks into the outbox
    std::chrono::milliseconds lease =
        std::chrono::minutes(15);  ///< longer than one delivery can take
    std::size_t batch = 16;        ///< items claimed at once
};

enum class OutboxResult : std::uint8_t { Delivered, Failed, Retry, NeedsConfirmation, Lost };
/// "delivered", "failed", "retry", "needs-confirmation", "lost" (the claim went to another runner).
[[nodiscard]] std::string_view name(OutboxResult result);

class OutboxRunner {
public:
    /// All references must outlive the runner. `next_hop` is shut down by the owner, so that stop()
    /// need not wait for a next hop that hangs.
    OutboxRunner(quarantine::Store& store, NextHop& next_hop, Rescan rescan, observe::Log& log,
                 OutboxSettings settings = {});
    ~OutboxRunner();
    OutboxRunner(const OutboxRunner&) = delete;
    OutboxRunner& operator=(const OutboxRunner&) = delete;

    void start();
    /// Looks into the outbox now instead of at the next poll.
    void notify();
    /// Ends after the message at hand, and joins the thread. What was claimed and not begun is put
    /// back for a later attempt.
    void stop();

    /// One round on the caller's thread, for the command line and tests: claims, delivers, marks.
    /// How many items it dealt with.
    std::size_t run_once();

private:
    using Items = std::vector<quarantine::Delivery>;
    void run(const std::stop_token& stopping);
    void deliver_record(const Items& items);
    void attempt(const Items& items, const quarantine::Record& record, int message,
                 std::uint64_t size);
    void transmit(const Items& items, const quarantine::Record& record, int message,
                  std::uint64_t size, const std::string& prefix);
    void settle(const quarantine::Delivery& item, const smtp::PeerReply& reply,
                const std::string& detail);
    void retry(const Items& items, const std::string& why);
    [[nodiscard]] Items still_ours(const Items& items);
    void tell(const quarantine::Delivery& item, OutboxResult result, std::string_view detail);

    quarantine::Store& store_;
    NextHop& next_hop_;
    Rescan rescan_;
    observe::Log& log_;
    OutboxSettings settings_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool notified_ = false;
    std::stop_token stopping_;  ///< the thread's own, used on it only
    std::jthread thread_;
};

}  // namespace postern::relay
