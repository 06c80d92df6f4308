#pragma once

/// @file The quarantine: messages that are held, what is known of them, and what is owed to them.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/outcome.hpp"
#include "quarantine/accounts.hpp"
#include "quarantine/audit.hpp"
#include "quarantine/error.hpp"
#include "quarantine/key.hpp"
#include "quarantine/location.hpp"
#include "quarantine/message_reader.hpp"
#include "quarantine/outbox.hpp"
#include "quarantine/query.hpp"
#include "quarantine/received_reports.hpp"
#include "quarantine/record.hpp"
#include "quarantine/rescans.hpp"
#include "quarantine/tallies.hpp"

namespace postern::quarantine {

struct StoreOptions {
    std::chrono::milliseconds busy_timeout =
        std::chrono::seconds(10);         ///< wait for another process
    std::uint32_t chunk_size = 64 << 10;  ///< plaintext bytes sealed together: 1 KiB to 1 MiB
    std::chrono::milliseconds leftover_age =
        std::chrono::hours(1);  ///< open() sweeps what is older
    bool full_text = true;  ///< word index; false: search() scans. Decided when the file is made
    BackOff back_off = {};
    AccountSettings accounts = {};
    std::function<UnixMs()> clock = now_ms;
};

/// What one request_release() did.
struct ReleaseRequest {
    std::vector<std::string> queued;     ///< now owed
    std::vector<std::string> confirmed;  ///< were waiting for a person, and are owed again
    std::vector<std::string> unchanged;  ///< owed already, delivered already, or still unconfirmed
};

/// How long held mail is kept.
struct Retention {
    std::chrono::milliseconds keep = std::chrono::hours(24 * 30);
    std::map<VerdictClass, std::chrono::milliseconds> keep_class = {};  ///< instead of `keep`
    std::uint64_t max_bytes = std::uint64_t{20} << 30;  ///< of held mail; the oldest goes first
    /// Also the age at which records without bytes (deleted ones) are forgotten.
    std::chrono::milliseconds forget = std::chrono::hours(24 * 90);
    std::chrono::milliseconds keep_audit{0};  ///< lines of the audit log; 0: for ever
    std::size_t max_removed = 1000;           ///< at most so many in one call
};
struct RetentionResult {
    std::uint64_t removed = 0;  ///< records whose bytes went
    std::uint64_t forgotten = 0;
    std::uint64_t audit_lines = 0;  ///< removed
    bool more = false;              ///< max_removed was reached: call again
};

/// The store. Every function may be called from any thread, blocks, and works beside other
/// processes that use the same files. No function throws.
class Store {
public:
    /// Makes what is missing (folders 2770, database 0660), migrates the schema, sweeps leftovers
    /// of killed processes. Parent folders of the database must exist, or be creatable.
    [[nodiscard]] static Outcome<std::unique_ptr<Store>, StoreError> open(
        const Location& location, const Key& key, StoreOptions options = {});
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    Store(Store&&) = delete;
    Store& operator=(Store&&) = delete;

    /// Keeps a message. When this answers a value, the message survives the loss of power: blob,
    /// its folders and the record are on the disk. `message` is read from offset 0 with pread.
    /// Conflict: the id is taken.
    [[nodiscard]] Outcome<QuarantineId, StoreError> put(const Record& record, int message);
    [[nodiscard]] Outcome<QuarantineId, StoreError> put(const Record& record,
                                                        std::string_view message);

    [[nodiscard]] Outcome<Page, StoreError> list(const Query& query) const;
    [[nodiscard]] Outcome<Record, StoreError> show(const QuarantineId& id) const;
    /// NotFound when the record is unknown or its bytes were deleted.
    [[nodiscard]] Outcome<MessageReader, StoreError> open_message(const QuarantineId& id) const;

    /// Puts deliveries into the outbox: for `recipients`, or for all that are held or failed when
    /// it is empty. One that is owed, delivered or waiting for confirmation already is left as it
    /// is (so that a double release cannot happen), except that `confirm` lets the waiting ones go
    /// on. Invalid: not a recipient of this message. Conflict: deleted.
    [[nodiscard]] Outcome<ReleaseRequest, StoreError> request_release(
        const QuarantineId& id, const std::vector<std::string>& recipients, const Actor& who,
        bool confirm = false);
    /// Removes the bytes; the record stays as Deleted, without headers, preview and report.
    /// Releases that are owed are dropped. Conflict: deleted already, or a runner is just
    /// delivering it.
    [[nodiscard]] Outcome<Done, StoreError> remove(const QuarantineId& id, const Actor& who);
    /// Removes what is too old or too much. Never what is owed.
    [[nodiscard]] Outcome<RetentionResult, StoreError> retention(const Retention& policy);

    [[nodiscard]] Outcome<Counts, StoreError> counts() const;
    /// Rises with every change of a record, in any process. Costs one look-up.
    [[nodiscard]] Outcome<std::int64_t, StoreError> change_token() const;
    /// Records changed after `since`, at most `limit`.
    [[nodiscard]] Outcome<Updates, StoreError> updates(std::int64_t since,
                                                       std::size_t limit = 200) const;
    /// Removes temporary files and blobs that no record names, older than leftover_age; how many.
    /// open() does it once.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> sweep();

    [[nodiscard]] Outbox& outbox();
    [[nodiscard]] Audit& audit();
    [[nodiscard]] Accounts& accounts();
    [[nodiscard]] Tallies& tallies();
    [[nodiscard]] Rescans& rescans();
    [[nodiscard]] ReceivedReports& received_reports();

private:
    struct Parts;
    /// sweep(), unless a process did it within leftover_age.
    [[nodiscard]] Outcome<Done, StoreError> sweep_if_due();
    explicit Store(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace postern::quarantine
