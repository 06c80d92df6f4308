#pragma once

/// @file Questions to the DNS and their answers. Nothing in here ever reads a failure as "there is
/// no such thing": Failed is an answer of its own, and whoever asks has to say what it means.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mail/ip_address.hpp"

namespace postern::dns {

using TimePoint = std::chrono::steady_clock::time_point;

/// Numbers of RFC 1035 3.2.2 and its successors.
enum class RecordType : std::uint16_t {
    A = 1,
    Ns = 2,
    Soa = 6,
    Ptr = 12,
    Mx = 15,
    Txt = 16,
    Aaaa = 28,
    Tlsa = 52
};
[[nodiscard]] std::string_view name(RecordType type);

struct Question {
    std::string name;  ///< presentation form, ASCII, with or without the final dot; any case
    RecordType type = RecordType::A;

    friend auto operator<=>(const Question&, const Question&) = default;
};

/// Found: `records` has at least one. NoData: the name exists without such a record. NoName:
/// NXDOMAIN. Failed: it could not be told: SERVFAIL, REFUSED, bogus DNSSEC, no server, a malformed
/// answer, a name that cannot be asked for. Late: no answer before the deadline. OverBudget: the
/// message has used up its look-ups; nothing was asked.
enum class Status : std::uint8_t { Found, NoData, NoName, Failed, Late, OverBudget };
[[nodiscard]] std::string_view name(Status status);

/// True for the three that tell nothing about the name.
[[nodiscard]] constexpr bool unknown(Status status) {
    return status >= Status::Failed;
}

struct Exchange {
    std::uint16_t preference = 0;
    std::string host;  ///< lower case, without the final dot; "" is the null MX (RFC 7505)

    friend auto operator<=>(const Exchange&, const Exchange&) = default;
};

struct TlsaRecord {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;
    std::uint8_t matching = 0;
    std::string data;  ///< raw bytes

    friend auto operator<=>(const TlsaRecord&, const TlsaRecord&) = default;
};

/// The records of one type, in the order of the answer; only the member of the question's type is
/// filled. Aliases (CNAME) have been followed. Malformed records make the whole answer Failed.
struct Answer {
    Status status = Status::Failed;
    std::vector<mail::IpAddress> addresses = {};  ///< A, AAAA
    std::vector<std::string> names = {};   ///< PTR, NS: lower case, no final dot; SOA: its owner
    std::vector<Exchange> exchanges = {};  ///< MX, by preference
    std::vector<std::string> texts = {};   ///< TXT: the strings of one record joined, raw bytes
    std::vector<TlsaRecord> tlsa = {};
    std::string canonical = {};   ///< name the records stand at, after aliases
    std::chrono::seconds ttl{0};  ///< how long it may be kept, as bounded by the resolver
    bool secure = false;          ///< DNSSEC-validated (needs a trust anchor in the settings)
    std::string detail = {};      ///< for Failed and Late, for a person: "SERVFAIL", "no answer"

    [[nodiscard]] bool found() const { return status == Status::Found; }
};

/// One for the whole process. Thread-safe.
class Resolver {
public:
    using Done = std::function<void(Answer answer)>;

    virtual ~Resolver() = default;

    /// Never blocks. Calls `done` exactly once, at `deadline` at the latest (give or take a
    /// scheduler's delay), from a thread of the resolver or before this returns. `done` must not
    /// block and not throw.
    virtual void ask(const Question& question, TimePoint deadline, Done done) = 0;
};

}  // namespace postern::dns
