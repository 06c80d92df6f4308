// Any packet as an answer. First byte: the type that was asked for; the rest: the packet, which is
// also taken as the question, so that its answer section can fit. What is Found is whole and within
// bounds, all else is empty; names parse back; a packet with another id or question is foreign.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "gateway/dns/records.hpp"
#include "gateway/dns/reply.hpp"
#include "gateway/dns/wire_name.hpp"

namespace {

using namespace postern;
using namespace postern::dns;

constexpr std::size_t kMaxRecords = 16;
constexpr std::array kTypes = {RecordType::A,  RecordType::Ns,  RecordType::Soa,  RecordType::Ptr,
                               RecordType::Mx, RecordType::Txt, RecordType::Aaaa, RecordType::Tlsa};

void require(bool holds) {
    if (!holds) std::abort();
}

std::size_t records_in(const Answer& answer) {
    return answer.addresses.size() + answer.names.size() + answer.exchanges.size() +
           answer.texts.size() + answer.tlsa.size();
}

void require_name(const std::string& text) {
    const auto wire = wire_name(text);
    require(wire && wire->size() <= kMaxNameBytes && name_text(*wire) == text);
    require(std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; }));
}

void check(const Reading& reading, RecordType type, std::size_t packet_size) {
    const Answer& answer = reading.answer;
    if (!reading.alias.empty()) {
        require(answer.status == Status::Failed && records_in(answer) == 0 && reading.aliases > 0);
        require_name(name_text(reading.alias));
        return;
    }
    require(reading.aliases <= kMaxAliases);
    require((answer.status == Status::Found) == (records_in(answer) > 0));
    require(records_in(answer) <= kMaxRecords);
    require(answer.status != Status::Failed || !answer.detail.empty());
    require(answer.addresses.empty() || type == RecordType::A || type == RecordType::Aaaa);
    std::size_t text_bytes = 0;
    for (const std::string& text : answer.texts) text_bytes += text.size();
    for (const TlsaRecord& record : answer.tlsa) text_bytes += record.data.size();
    require(text_bytes <= packet_size);
    for (const std::string& name : answer.names) require_name(name);
    for (const Exchange& exchange : answer.exchanges) require_name(exchange.host);
    require(std::ranges::is_sorted(answer.exchanges, {}, &Exchange::preference));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 13 || size > 65536) return 0;
    const RecordType type = kTypes.at(data[0] % kTypes.size());
    const ByteView packet = std::as_bytes(std::span{data + 1, size - 1});
    std::size_t at = 12;
    const auto name = read_name(packet, at);
    Query query{u16_at(packet, 0), name.value_or(std::string("\1h\7example\0", 11)), type, true};
    check(read_answer(packet, query.name, type, kMaxRecords), type, size);
    const Reply reply = read_reply(packet, query, false, kMaxRecords);
    require(reply.kind != Reply::Kind::OddCase);
    if (reply.kind == Reply::Kind::Answer || reply.kind == Reply::Kind::Useless) {
        check(reply.reading, type, size);
    }
    if (reply.kind == Reply::Kind::Answer) {
        query.name = "\5other" + query.name;
        require(read_reply(packet, query, false, kMaxRecords).kind == Reply::Kind::Foreign);
    }
    query.id = static_cast<std::uint16_t>(query.id ^ 1U);
    require(read_reply(packet, query, false, kMaxRecords).kind == Reply::Kind::Foreign);
    return 0;
}
