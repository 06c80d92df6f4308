#include "gateway/dns/reply.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "gateway/dns/records.hpp"
#include "gateway/dns/wire_name.hpp"

namespace postern::dns {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kResponseBit = 0x8000;
constexpr std::uint16_t kOpcodeBits = 0x7800;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionAvailable = 0x0080;

enum Code : unsigned {
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    BadVers = 16
};

std::string code_name(unsigned code) {
    constexpr std::array<std::string_view, 6> kNames = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    if (code < kNames.size()) return std::string(kNames.at(code));
    return "code " + std::to_string(code);
}

/// All records of a packet.
struct Sections {
    std::vector<Record> answer;
    std::vector<Record> authority;
    bool with_edns = false;
    unsigned code = 0;  ///< with the upper bits from OPT (RFC 6891 6.1.3)
};

std::optional<std::vector<Record>> read_section(ByteView packet, std::size_t count,
                                                std::size_t& at) {
    std::vector<Record> records;
    for (; count > 0; --count) {
        auto record = read_record(packet, at);
        if (!record) return std::nullopt;
        records.push_back(std::move(*record));
    }
    return records;
}

std::optional<Sections> read_sections(ByteView packet) {
    if (packet.size() < kHeader || u16_at(packet, 4) > 1) return std::nullopt;
    std::size_t at = kHeader;
    if (u16_at(packet, 4) == 1) {
        if (!read_name(packet, at) || packet.size() - at < 4) return std::nullopt;
        at += 4;
    }
    Sections sections;
    auto answer = read_section(packet, u16_at(packet, 6), at);
    if (!answer) return std::nullopt;
    auto authority = read_section(packet, u16_at(packet, 8), at);
    if (!authority) return std::nullopt;
    const auto additional = read_section(packet, u16_at(packet, 10), at);
    if (!additional) return std::nullopt;
    sections.answer = std::move(*answer);
    sections.authority = std::move(*authority);
    sections.code = u16_at(packet, 2) & 15U;
    for (const Record& record : *additional) {
        if (record.type != kTypeOpt) continue;
        sections.with_edns = true;
        sections.code |= (record.raw_ttl >> 24U) << 4U;
    }
    return sections;
}

Reading failed(std::string detail) {
    Reading reading;
    reading.answer.status = Status::Failed;
    reading.answer.detail = std::move(detail);
    return reading;
}

/// Follows the aliases of one answer section from the question's name to the records.
class Chain {
public:
    Chain(ByteView packet, const Sections& sections, std::string_view name, RecordType type)
        : packet_(packet), sections_(sections), name_(name), type_(type) {}

    [[nodiscard]] Reading read(std::size_t max_records) {
        while (!collect(max_records)) {
            if (!problem_.empty()) return failed(problem_);
            if (!step()) return problem_.empty() ? without_records() : failed(problem_);
        }
        if (!problem_.empty()) return failed(problem_);
        if (sections_.code != NoError) return failed("records and NXDOMAIN in one answer");
        reading_.answer.status = Status::Found;
        std::stable_sort(
            reading_.answer.exchanges.begin(), reading_.answer.exchanges.end(),
            [](const Exchange& a, const Exchange& b) { return a.preference < b.preference; });
        return finish(true);
    }

private:
    [[nodiscard]] bool is_here(const Record& record) const {
        return record.klass == kClassIn && record.owner == name_;
    }

    /// Takes the records at the current name. False when there are none, or there is a problem.
    bool collect(std::size_t max_records) {
        std::size_t count = 0;
        for (const Record& record : sections_.answer) {
            if (!is_here(record) || record.type != static_cast<std::uint16_t>(type_)) continue;
            if (++count > max_records) return complain("too many records");
            if (!add_content(packet_, record, type_, reading_.answer)) {
                return complain("malformed " + std::string(dns::name(type_)) + " record");
            }
            ttl_ = std::min(ttl_, record.ttl);
        }
        return count > 0;
    }

    /// Goes to where the current name's alias leads. False without an alias, or with a problem.
    bool step() {
        std::optional<std::string> target;
        for (const Record& record : sections_.answer) {
            if (!is_here(record) || record.type != kTypeCname) continue;
            auto name = read_only_name(packet_, record);
            if (!name) return complain("malformed CNAME record");
            if (target && *target != *name) return complain("two aliases of one name");
            target = std::move(name);
            ttl_ = std::min(ttl_, record.ttl);
        }
        if (!target) return false;
        if (++reading_.aliases > kMaxAliases) return complain("too many aliases");
        name_ = std::move(*target);
        return true;
    }

    bool complain(std::string problem) {
        problem_ = std::move(problem);
        return false;
    }

    /// RFC 2308 2: the authority section tells "there is nothing" from "ask elsewhere".
    Reading without_records() {
        bool has_soa = false;
        bool has_ns = false;
        for (const Record& record : sections_.authority) {
            if (record.klass != kClassIn) continue;
            has_ns = has_ns || record.type == static_cast<std::uint16_t>(RecordType::Ns);
            if (record.type != static_cast<std::uint16_t>(RecordType::Soa)) continue;
            const auto minimum = soa_minimum(packet_, record);
            if (!minimum) return failed("malformed SOA record");
            if (!is_within(name_, record.owner)) continue;
            has_soa = true;
            ttl_ = std::min({ttl_, record.ttl, *minimum});
        }
        if (sections_.code == NxDomain) {
            reading_.answer.status = Status::NoName;
            return finish(has_soa);
        }
        if (has_soa) {
            reading_.answer.status = Status::NoData;
            return finish(true);
        }
        if (reading_.aliases > 0) {
            reading_.alias = name_;
            return finish(true);
        }
        const unsigned flags = u16_at(packet_, 2);
        if (has_ns && (flags & (kAuthoritative | kRecursionAvailable)) == 0) {
            return failed("a referral instead of an answer");
        }
        reading_.answer.status = Status::NoData;
        return finish(false);
    }

    Reading finish(bool may_be_kept) {
        reading_.answer.canonical = name_text(name_);
        reading_.may_be_kept = may_be_kept;
        reading_.ttl = may_be_kept ? ttl_ : 0;
        return std::move(reading_);
    }

    ByteView packet_;
    const Sections& sections_;
    std::string name_;
    RecordType type_;
    Reading reading_;
    std::string problem_;
    std::uint32_t ttl_ = std::numeric_limits<std::uint32_t>::max();
};

Reading read_content(ByteView packet, const Sections& sections, std::string_view name,
                     RecordType type, std::size_t max_records) {
    if (sections.code != NoError && sections.code != NxDomain) {
        return failed(code_name(sections.code));
    }
    return Chain(packet, sections, name, type).read(max_records);
}

/// What the question of `packet` is in relation to the one that was asked.
Reply::Kind compare_question(ByteView packet, const Query& query, bool exact_case) {
    if (packet.size() < kHeader || u16_at(packet, 0) != query.id) return Reply::Kind::Foreign;
    const unsigned flags = u16_at(packet, 2);
    if ((flags & kResponseBit) == 0 || (flags & kOpcodeBits) != 0) return Reply::Kind::Foreign;
    const unsigned code = flags & 15U;
    if (u16_at(packet, 4) == 0 && (code == FormErr || code == NotImp)) {
        return Reply::Kind::Answer;  // a server that could not read the question does not repeat it
    }
    if (u16_at(packet, 4) != 1) return Reply::Kind::Foreign;
    const ByteView rest = packet.subspan(kHeader);
    if (rest.size() < query.name.size() + 4) return Reply::Kind::Foreign;
    const std::string_view name = as_text(rest.first(query.name.size()));
    if (!ascii_iequal(name, query.name) ||
        u16_at(rest, query.name.size()) != static_cast<std::uint16_t>(query.type) ||
        u16_at(rest, query.name.size() + 2) != kClassIn) {
        return Reply::Kind::Foreign;
    }
    return exact_case && name != query.name ? Reply::Kind::OddCase : Reply::Kind::Answer;
}

}  // namespace

Reading read_answer(ByteView packet, std::string_view name, RecordType type,
                    std::size_t max_records) {
    const auto sections = read_sections(packet);
    if (!sections) return failed("malformed answer");
    return read_content(packet, *sections, name, type, max_records);
}

Reply read_reply(ByteView packet, const Query& query, bool exact_case, std::size_t max_records) {
    Reply reply;
    reply.kind = compare_question(packet, query, exact_case);
    if (reply.kind != Reply::Kind::Answer) return reply;
    if ((u16_at(packet, 2) & kTruncated) != 0) {
        reply.kind = Reply::Kind::Truncated;  // what is in there is not looked at
        return reply;
    }
    const auto sections = read_sections(packet);
    if (!sections) {
        const unsigned code = u16_at(packet, 2) & 15U;
        const bool refuses_edns = query.edns && (code == FormErr || code == NotImp);
        reply.kind = refuses_edns ? Reply::Kind::NoEdns : Reply::Kind::Useless;
        reply.reading = failed("malformed answer");
        return reply;
    }
    reply.with_edns = sections->with_edns;
    const unsigned code = sections->code;
    if (query.edns && (code == FormErr || code == NotImp || code == BadVers)) {
        reply.kind = Reply::Kind::NoEdns;
        return reply;
    }
    reply.reading =
        read_content(packet, *sections, ascii_lower(query.name), query.type, max_records);
    if (reply.reading.answer.status == Status::Failed && reply.reading.alias.empty()) {
        reply.kind = Reply::Kind::Useless;
    }
    return reply;
}

}  // namespace postern::dns
