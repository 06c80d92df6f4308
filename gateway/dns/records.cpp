#include "gateway/dns/records.hpp"

#include <algorithm>
#include <utility>

#include "gateway/dns/wire_name.hpp"

namespace postern::dns {
namespace {

std::uint32_t u32_at(ByteView packet, std::size_t at) {
    return std::uint32_t{u16_at(packet, at)} << 16U | u16_at(packet, at + 2);
}

bool add_address(ByteView data, bool v4, Answer& answer) {
    if (data.size() != (v4 ? 4U : 16U)) return false;
    mail::IpAddress::Bytes bytes{};
    if (v4) bytes[10] = bytes[11] = 0xFF;
    std::transform(data.begin(), data.end(), bytes.end() - static_cast<std::ptrdiff_t>(data.size()),
                   [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
    answer.addresses.push_back(mail::IpAddress::from_bytes(bytes));
    return true;
}

/// RFC 1035 3.3.14: one or more character strings that fill the record.
bool add_text(ByteView data, Answer& answer) {
    if (data.empty()) return false;
    std::string text;
    text.reserve(data.size());
    while (!data.empty()) {
        const auto length = std::to_integer<std::size_t>(data.front());
        data = data.subspan(1);
        if (length > data.size()) return false;
        text += as_text(data.first(length));
        data = data.subspan(length);
    }
    answer.texts.push_back(std::move(text));
    return true;
}

bool add_exchange(ByteView packet, const Record& record, Answer& answer) {
    if (record.data_size < 3) return false;
    std::size_t at = record.data_at + 2;
    const auto host = read_name(packet, at);
    if (!host || at != record.data_at + record.data_size) return false;
    answer.exchanges.push_back({u16_at(packet, record.data_at), name_text(*host)});
    return true;
}

bool add_tlsa(ByteView data, Answer& answer) {
    if (data.size() < 4) return false;
    answer.tlsa.push_back(
        {std::to_integer<std::uint8_t>(data[0]), std::to_integer<std::uint8_t>(data[1]),
         std::to_integer<std::uint8_t>(data[2]), std::string(as_text(data.subspan(3)))});
    return true;
}

}  // namespace

std::uint16_t u16_at(ByteView packet, std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(packet[at]) << 8U |
                                      std::to_integer<unsigned>(packet[at + 1]));
}

std::optional<Record> read_record(ByteView packet, std::size_t& at) {
    constexpr std::size_t kFixed = 10;
    auto owner = read_name(packet, at);
    if (!owner || packet.size() - at < kFixed) return std::nullopt;
    Record record;
    record.owner = std::move(*owner);
    record.type = u16_at(packet, at);
    record.klass = u16_at(packet, at + 2);
    record.raw_ttl = u32_at(packet, at + 4);
    record.ttl = record.raw_ttl > 0x7FFFFFFFU ? 0 : record.raw_ttl;
    record.data_size = u16_at(packet, at + 8);
    record.data_at = at + kFixed;
    if (packet.size() - record.data_at < record.data_size) return std::nullopt;
    at = record.data_at + record.data_size;
    return record;
}

std::optional<std::string> read_only_name(ByteView packet, const Record& record) {
    std::size_t at = record.data_at;
    auto name = read_name(packet, at);
    if (!name || at != record.data_at + record.data_size) return std::nullopt;
    return name;
}

std::optional<std::uint32_t> soa_minimum(ByteView packet, const Record& record) {
    constexpr std::size_t kNumbers = 20;
    const std::size_t end = record.data_at + record.data_size;
    std::size_t at = record.data_at;
    if (!read_name(packet, at) || !read_name(packet, at)) return std::nullopt;
    if (at > end || end - at != kNumbers) return std::nullopt;
    return u32_at(packet, at + 16);
}

bool add_content(ByteView packet, const Record& record, RecordType type, Answer& answer) {
    const ByteView data = packet.subspan(record.data_at, record.data_size);
    switch (type) {
        case RecordType::A:
            return add_address(data, true, answer);
        case RecordType::Aaaa:
            return add_address(data, false, answer);
        case RecordType::Txt:
            return add_text(data, answer);
        case RecordType::Mx:
            return add_exchange(packet, record, answer);
        case RecordType::Tlsa:
            return add_tlsa(data, answer);
        case RecordType::Ptr:
        case RecordType::Ns:
            if (const auto name = read_only_name(packet, record)) {
                answer.names.push_back(name_text(*name));
                return true;
            }
            return false;
        case RecordType::Soa:
            answer.names.push_back(name_text(record.owner));
            return soa_minimum(packet, record).has_value();
    }
    return false;
}

}  // namespace postern::dns
