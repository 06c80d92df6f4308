/// @file Return codes of DNS lists as an operator may write them, against every answer: what is no
/// listing is never one, and a code written out reads back as the same.

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/reputation/dns_list.hpp"

namespace {

using namespace postern;

void expect(bool held) {
    if (!held) std::abort();
}

void check_answer(const reputation::DnsList& list, std::uint32_t number) {
    mail::IpAddress::Bytes bytes{};
    bytes[10] = bytes[11] = 0xFF;
    for (unsigned i = 0; i < 4; ++i) {
        bytes.at(12 + i) = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    }
    dns::Answer answer;
    answer.status = dns::Status::Found;
    answer.addresses = {mail::IpAddress::from_bytes(bytes)};
    const auto reading = reputation::read_answer(list, answer);
    if (number >> 24U != 127 || number >> 8U == 0x7FFFFF) {
        expect(reading.meaning == reputation::Meaning::Unknown);
    }
    expect(std::isfinite(reading.weight) && std::abs(reading.weight) <= 100);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    std::uint32_t number = 0;
    for (unsigned i = 0; i < 4; ++i) number = (number << 8U) | data[i];
    const void* start = data + 4;
    std::string_view text(static_cast<const char*>(start), size - 4);
    reputation::DnsList list;
    list.zone = "list.example";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const auto code = settings::parse_list_code(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!code) continue;
        const auto again = settings::parse_list_code(settings::format_list_code(*code));
        if (settings::format_list_code(*code).size() <= settings::kMaxListCode) {
            expect(again.has_value() && *again == *code);
        }
        list.codes.push_back(*code);
    }
    for (const std::uint32_t each :
         {number, (number & 0xFFFFFFU) | 0x7F000000U, 0x7FFFFF00U | (number & 0xFFU)}) {
        check_answer(list, each);
    }
    return 0;
}
