#pragma once

/// @file Resource records of a packet: headers, and the contents of the types we ask for.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "analyzers/base/bytes.hpp"
#include "gateway/dns/resolver.hpp"

namespace postern::dns {

/// Where one record stands (RFC 1035 4.1.3).
struct Record {
    std::string owner;  ///< wire form
    std::uint16_t type = 0;
    std::uint16_t klass = 0;
    std::uint32_t ttl = 0;  ///< seconds; a value with the top bit counts as 0 (RFC 2181 8)
    std::uint32_t raw_ttl = 0;
    std::size_t data_at = 0;
    std::size_t data_size = 0;
};

constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeOpt = 41;

[[nodiscard]] std::uint16_t u16_at(ByteView packet, std::size_t at);

/// Reads the record at `at` and moves `at` behind it; nullopt when it does not fit.
[[nodiscard]] std::optional<Record> read_record(ByteView packet, std::size_t& at);

/// The one name a record consists of (CNAME, PTR, NS), in wire form.
[[nodiscard]] std::optional<std::string> read_only_name(ByteView packet, const Record& record);

/// The last field of a SOA; nullopt when the record is malformed.
[[nodiscard]] std::optional<std::uint32_t> soa_minimum(ByteView packet, const Record& record);

/// Adds the record's content to the member of its type. False when it is malformed.
[[nodiscard]] bool add_content(ByteView packet, const Record& record, RecordType type,
                               Answer& answer);

}  // namespace postern::dns
