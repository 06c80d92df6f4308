#include "quarantine/store.hpp"

#include <algorithm>
#include <string>

#include "quarantine/index/records.hpp"
#include "quarantine/index/search.hpp"
#include "quarantine/store_parts.hpp"

namespace postern::quarantine {
namespace {

constexpr int kPutAttempts = 5;
constexpr std::size_t kMaxUpdates = 1000;

StoreError invalid(const char* what) {
    return {StoreErrorKind::Invalid, what};
}

StoreError unknown_id() {
    return {StoreErrorKind::NotFound, "no such message"};
}

// nullptr: nothing is wrong.
const char* fault_of(const Record& record) {
    const Summary& s = record.summary;
    const auto too_long = [](const std::string& text) { return text.size() > kMaxField; };
    if (s.recipients.empty()) return "a held message has at least one recipient";
    if (s.recipients.size() > kMaxRecipients) return "too many recipients";
    if (s.received < 0) return "received lies before 1970";
    for (const Recipient& recipient : s.recipients) {
        if (recipient.forward_path.empty()) return "a recipient is empty";
        if (too_long(recipient.forward_path)) return "a recipient is too long";
    }
    if (std::ranges::any_of(s.from, too_long) || s.from.size() > kMaxRecipients ||
        std::ranges::any_of(s.reasons, too_long) || s.reasons.size() > kMaxRecipients) {
        return "From or reasons are too long";
    }
    if (too_long(s.subject) || too_long(s.message_id) || too_long(s.helo) ||
        too_long(s.reverse_path) || too_long(s.client_ip) || too_long(s.client_name.value_or(""))) {
        return "a field is too long";
    }
    if (record.headers.size() > kMaxText || record.preview.size() > kMaxText) {
        return "headers or preview are too long";
    }
    return record.report_json.size() > kMaxReportJson ? "the report is too long" : nullptr;
}

// Inserts the record if its blob is (still) there; false: it has vanished, keep it again.
Outcome<bool, StoreError> commit_record(Database& database, const Blobs& blobs,
                                        const Record& record) {
    return database.write([&](Connection& connection) -> Outcome<bool, StoreError> {
        if (!blobs.exists(record.summary.sha256)) return false;
        if (find_record(connection, record.summary.id) != 0) {
            return Failure{StoreError{StoreErrorKind::Conflict, "the id is taken"}};
        }
        insert_record(connection, record, database.full_text());
        return true;
    });
}

Outcome<QuarantineId, StoreError> keep(Database& database, Blobs& blobs, Record record,
                                       const Source& source) {
    if (const char* fault = fault_of(record)) return Failure{invalid(fault)};
    const auto measured = measure(source);
    if (!measured) return Failure{measured.error()};
    Summary& summary = record.summary;
    if ((summary.size != 0 && summary.size != measured->size) ||
        (!summary.sha256.empty() && summary.sha256 != measured->sha256)) {
        return Failure{invalid("message is not the one that was scanned")};
    }
    summary.size = measured->size;
    summary.sha256 = measured->sha256;
    for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
        if (auto kept = blobs.keep(source, *measured); !kept) return Failure{kept.error()};
        auto committed = commit_record(database, blobs, record);
        if (!committed) return Failure{committed.error()};
        if (*committed) return summary.id;
    }
    return Failure{StoreError{StoreErrorKind::Busy, "the blob is removed again and again"}};
}

}  // namespace

Outcome<bool, StoreError> erase_if_unwanted(Database& database, Blobs& blobs,
                                            const std::string& sha256) {
    return database.write([&](Connection& connection) -> Outcome<bool, StoreError> {
        const bool wanted = digest_wanted(connection, sha256);
        if (wanted || !connection.ok()) return false;
        auto erased = blobs.erase(sha256);
        if (!erased) return Failure{erased.error()};
        return true;
    });
}

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::~Store() = default;

Outcome<std::unique_ptr<Store>, StoreError> Store::open(const Location& location, const Key& key,
                                                        StoreOptions options) {
    if (options.chunk_size < kMinChunk || options.chunk_size > kMaxChunk) {
        return Failure{invalid("chunk size must be 1 KiB to 1 MiB")};
    }
    auto database =
        Database::open(location.database, options.busy_timeout, options.full_text, options.clock);
    if (!database) return Failure{database.error()};
    Blobs blobs(location.blobs, key, options.chunk_size);
    if (auto prepared = blobs.prepare(); !prepared) return Failure{prepared.error()};
    std::unique_ptr<Store> store(new Store(std::make_unique<Parts>(
        std::move(options), std::move(blobs), std::move(database).value())));
    if (auto swept = store->sweep_if_due(); !swept) return Failure{swept.error()};
    return store;
}

Outcome<QuarantineId, StoreError> Store::put(const Record& record, int message) {
    if (message < 0) return Failure{invalid("no message")};
    return keep(*parts_->database, parts_->blobs, record, Source(message));
}

Outcome<QuarantineId, StoreError> Store::put(const Record& record, std::string_view message) {
    return keep(*parts_->database, parts_->blobs, record, Source(message));
}

Outcome<Page, StoreError> Store::list(const Query& query) const {
    return parts_->database->read([&](Connection& connection) {
        return search(connection, query, parts_->database->full_text());
    });
}

Outcome<Record, StoreError> Store::show(const QuarantineId& id) const {
    return parts_->database->read([&](Connection& connection) -> Outcome<Record, StoreError> {
        auto record = load_record(connection, id);
        if (!record) return Failure{unknown_id()};
        return std::move(*record);
    });
}

Outcome<MessageReader, StoreError> Store::open_message(const QuarantineId& id) const {
    auto digest = parts_->database->read([&](Connection& connection) {
        const Rows rows = connection.run(
            "SELECT sha256 FROM records WHERE id = ? AND status <> 'deleted'", {id.text()});
        using Answer = Outcome<std::string, StoreError>;
        return rows.empty() ? Answer(Failure{unknown_id()}) : Answer(rows.front().text(0));
    });
    if (!digest) return Failure{digest.error()};
    auto blob = parts_->blobs.open(*digest);
    if (!blob && blob.error().kind == StoreErrorKind::NotFound) {
        // Removed since we looked, or lost: the second must not sound like the first.
        const auto record = show(id);
        if (!record || record->summary.status == Status::Deleted) return Failure{unknown_id()};
        return Failure{StoreError{StoreErrorKind::Corrupt, "the blob of a held message is gone"}};
    }
    if (!blob) return Failure{blob.error()};
    return MessageReader(std::move(blob).value());
}

Outcome<Counts, StoreError> Store::counts() const {
    return parts_->database->read([&](Connection& connection) -> Outcome<Counts, StoreError> {
        Counts counts;
        for (const Row& row : connection.run("SELECT status, class, COUNT(*), SUM(size)"
                                             " FROM records GROUP BY status, class")) {
            const auto messages = static_cast<std::uint64_t>(row.integer(2));
            if (row.text(0) == "released") {
                counts.released += messages;
            } else if (row.text(0) == "deleted") {
                counts.deleted += messages;
            } else {
                const auto verdict = parse_class(row.text(1)).value_or(VerdictClass::Unscanned);
                auto& held = counts.held.at(static_cast<std::size_t>(verdict));
                held.messages += messages;
                held.bytes += static_cast<std::uint64_t>(row.integer(3));
            }
        }
        return counts;
    });
}

Outcome<std::int64_t, StoreError> Store::change_token() const {
    return parts_->database->read([](Connection& connection) -> Outcome<std::int64_t, StoreError> {
        return connection.integer("SELECT value FROM meta WHERE name = 'change'");
    });
}

Outcome<Updates, StoreError> Store::updates(std::int64_t since, std::size_t limit) const {
    const std::size_t most = std::clamp<std::size_t>(limit, 1, kMaxUpdates);
    return parts_->database->read([&](Connection& connection) -> Outcome<Updates, StoreError> {
        Updates updates;
        updates.reset =
            connection.integer("SELECT value FROM meta WHERE name = 'forgotten'") > since;
        Rows rows = connection.run(std::string("SELECT ") + kSummaryColumns +
                                       " FROM records WHERE changed > ? ORDER BY changed LIMIT ?",
                                   {since, static_cast<std::int64_t>(most + 1)});
        updates.more = rows.size() > most;
        if (updates.more) rows.pop_back();
        updates.token = updates.more
                            ? rows.back().integer(19)
                            : connection.integer("SELECT value FROM meta WHERE name = 'change'");
        updates.records = load_summaries(connection, rows);
        return updates;
    });
}

Outbox& Store::outbox() {
    return parts_->outbox;
}
Audit& Store::audit() {
    return parts_->audit;
}
Accounts& Store::accounts() {
    return parts_->accounts;
}
Tallies& Store::tallies() {
    return parts_->tallies;
}
Rescans& Store::rescans() {
    return parts_->rescans;
}
ReceivedReports& Store::received_reports() {
    return parts_->received_reports;
}

}  // namespace postern::quarantine
