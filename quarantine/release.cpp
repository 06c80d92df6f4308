/// @file What a reviewer does to a held message: release and remove.

#include <algorithm>

#include "quarantine/index/records.hpp"
#include "quarantine/store_parts.hpp"

namespace postern::quarantine {
namespace {

using State = RecipientState;

struct Request {
    const QuarantineId& id;
    std::int64_t number;  // of the record
    const Actor& who;
    bool confirm;
    UnixMs now;
};

void owe(Connection& connection, const Request& request, const std::string& forward_path) {
    connection.run(
        "INSERT INTO outbox(record, forward_path, state, confirmed, confirmed_detail, requested_by,"
        " requested, attempts, due, detail, lease, lease_until)"
        " VALUES (?, ?, 'due', 0, '', ?, ?, 0, ?, '', '', 0)",
        {request.number, forward_path, request.who.name, request.now, request.now});
    set_recipient(connection, request.number, forward_path, State::Releasing, "", request.now);
}

// The reviewer's yes covers what he was shown, so that is kept beside it.
void confirm(Connection& connection, const Request& request, const std::string& forward_path) {
    connection.run(
        "UPDATE outbox SET state = 'due', confirmed = 1, confirmed_detail = detail, due = ?"
        " WHERE record = ? AND forward_path = ? AND state = 'needs-confirmation'",
        {request.now, request.number, forward_path});
    set_recipient(connection, request.number, forward_path, State::Releasing, "", request.now);
}

void release_one(Connection& connection, const Request& request, const Recipient& recipient,
                 ReleaseRequest& result) {
    const std::string& forward_path = recipient.forward_path;
    const bool waits = recipient.state == State::NeedsConfirmation;
    const char* act = "release";
    if (recipient.state == State::Held || recipient.state == State::Failed) {
        owe(connection, request, forward_path);
        result.queued.push_back(forward_path);
    } else if (waits && request.confirm) {
        confirm(connection, request, forward_path);
        result.confirmed.push_back(forward_path);
        act = "confirm";
    } else {
        result.unchanged.push_back(forward_path);
        return;
    }
    append_audit(connection, request.now, request.who, act, request.id.text(),
                 waits ? forward_path + ": " + recipient.detail : forward_path);
}

// The recipients asked for, in the order of the envelope; nullopt: one is not of this message.
std::optional<std::vector<Recipient>> choose(const std::vector<Recipient>& all,
                                             const std::vector<std::string>& wanted) {
    if (wanted.empty()) return all;
    const auto is_known = [&](const std::string& path) {
        return std::ranges::find(all, path, &Recipient::forward_path) != all.end();
    };
    if (!std::ranges::all_of(wanted, is_known)) return std::nullopt;
    std::vector<Recipient> chosen;
    std::ranges::copy_if(all, std::back_inserter(chosen), [&](const Recipient& recipient) {
        return std::ranges::find(wanted, recipient.forward_path) != wanted.end();
    });
    return chosen;
}

bool is_deleted(Connection& connection, std::int64_t number) {
    return connection.integer("SELECT status = 'deleted' FROM records WHERE n = ?", {number}) != 0;
}

StoreError unknown_id() {
    return {StoreErrorKind::NotFound, "no such message"};
}

StoreError conflict(const char* what) {
    return {StoreErrorKind::Conflict, what};
}

}  // namespace

Outcome<ReleaseRequest, StoreError> Store::request_release(
    const QuarantineId& id, const std::vector<std::string>& recipients, const Actor& who,
    bool confirm) {
    const UnixMs now = parts_->database->now();
    using Answer = Outcome<ReleaseRequest, StoreError>;
    return parts_->database->write([&](Connection& connection) -> Answer {
        const std::int64_t number = find_record(connection, id);
        if (number == 0) return Failure{unknown_id()};
        if (is_deleted(connection, number)) return Failure{conflict("the message was deleted")};
        const auto chosen = choose(load_recipients(connection, number), recipients);
        if (!chosen) {
            return Failure{StoreError{StoreErrorKind::Invalid, "no recipient of this message"}};
        }
        ReleaseRequest result;
        const Request request{id, number, who, confirm, now};
        for (const Recipient& recipient : *chosen) {
            release_one(connection, request, recipient, result);
        }
        if (!result.queued.empty() || !result.confirmed.empty()) {
            refresh_status(connection, number);
        }
        return result;
    });
}

Outcome<Done, StoreError> Store::remove(const QuarantineId& id, const Actor& who) {
    const UnixMs now = parts_->database->now();
    using Answer = Outcome<std::string, StoreError>;
    const auto digest = parts_->database->write([&](Connection& connection) -> Answer {
        const std::int64_t number = find_record(connection, id);
        if (number == 0) return Failure{unknown_id()};
        if (is_deleted(connection, number)) return Failure{conflict("deleted already")};
        if (connection.integer("SELECT EXISTS(SELECT 1 FROM outbox WHERE record = ?"
                               " AND state = 'claimed' AND lease_until > ?)",
                               {number, now}) != 0) {
            return Failure{conflict("the message is being delivered")};
        }
        const Rows rows = connection.run("SELECT sha256 FROM records WHERE n = ?", {number});
        bury_record(connection, number, now);
        append_audit(connection, now, who, "delete", id.text(), "");
        return rows.empty() ? std::string() : rows.front().text(0);
    });
    if (!digest) return Failure{digest.error()};
    auto erased = erase_if_unwanted(*parts_->database, parts_->blobs, *digest);
    if (!erased) return Failure{erased.error()};
    return Done{};
}

}  // namespace postern::quarantine
