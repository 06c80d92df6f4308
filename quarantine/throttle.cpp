#include "quarantine/throttle.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/sha256.hpp"

namespace postern::quarantine {
namespace {

constexpr std::size_t kPrefixBytes = 8;  // /64

std::string network_of(std::string_view remote) {
    std::array<std::byte, sizeof(in6_addr)> address{};
    std::string text(remote);
    if (::inet_pton(AF_INET6, text.c_str(), address.data()) != 1) return text;
    return to_hex(ByteView(address).first(kPrefixBytes));
}

// The table is bounded: first go the counts whose window is over, then the smallest, so that a
// flood of new names does not push out one that is under attack.
void keep_bounded(Connection& connection, const AccountSettings& settings, UnixMs now) {
    const auto rows = connection.integer("SELECT COUNT(*) FROM failures");
    const auto limit = static_cast<std::int64_t>(settings.throttle_rows);
    if (rows <= limit) return;
    const std::int64_t expired =
        connection.change("DELETE FROM failures WHERE since <= ?", {now - settings.window.count()});
    if (rows - expired <= limit) return;
    connection.run(
        "DELETE FROM failures WHERE subject IN"
        " (SELECT subject FROM failures ORDER BY count, since LIMIT ?)",
        {rows - expired - limit});
}

}  // namespace

ThrottleSubject account_subject(std::string_view name, const AccountSettings& settings) {
    const std::string text = "account " + std::string(name);
    return {sha256_hex(as_bytes(text)), settings.failures_per_account};
}

ThrottleSubject address_subject(std::string_view remote, const AccountSettings& settings) {
    const std::string text = "address " + network_of(remote);
    return {sha256_hex(as_bytes(text)), settings.failures_per_address};
}

bool admit(Connection& connection, const std::vector<ThrottleSubject>& subjects,
           const AccountSettings& settings, UnixMs now) {
    const UnixMs window_start = now - settings.window.count();
    const bool used_up = std::ranges::any_of(subjects, [&](const ThrottleSubject& subject) {
        return connection.integer(
                   "SELECT count FROM failures WHERE subject = ? AND since > ? AND since <= ?",
                   {subject.key, window_start, now}) >= static_cast<std::int64_t>(subject.limit);
    });
    if (used_up) return false;
    for (const ThrottleSubject& subject : subjects) {
        // A window that is over, or lies in the future after a step of the clock, begins anew.
        connection.run(
            "INSERT INTO failures(subject, count, since) VALUES (?1, 1, ?2)"
            " ON CONFLICT(subject) DO UPDATE SET"
            " count = CASE WHEN since > ?3 AND since <= ?2 THEN count + 1 ELSE 1 END,"
            " since = CASE WHEN since > ?3 AND since <= ?2 THEN since ELSE ?2 END",
            {subject.key, now, window_start});
    }
    keep_bounded(connection, settings, now);
    return true;
}

void absolve(Connection& connection, const ThrottleSubject& account,
             const std::vector<ThrottleSubject>& subjects) {
    connection.run("DELETE FROM failures WHERE subject = ?", {account.key});
    for (const ThrottleSubject& subject : subjects) {
        connection.run("UPDATE failures SET count = count - 1 WHERE subject = ? AND count > 0",
                       {subject.key});
    }
}

}  // namespace postern::quarantine
