#include "gateway/reputation/lookup/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace postern::reputation {
namespace {

using mail::IpAddress;

struct V4Range {
    std::uint32_t base;
    unsigned bits;
};
// IANA IPv4 Special-Purpose Address Registry, as far as nothing on the Internet answers there.
constexpr std::array<V4Range, 16> kV4 = {{{0x00000000, 8},     // "this network"
                                          {0x0A000000, 8},     // private
                                          {0x64400000, 10},    // shared (RFC 6598)
                                          {0x7F000000, 8},     // loopback
                                          {0xA9FE0000, 16},    // link-local, cloud metadata
                                          {0xAC100000, 12},    // private
                                          {0xC0000000, 24},    // protocol assignments
                                          {0xC0000200, 24},    // documentation
                                          {0xC0586300, 24},    // 6to4 relays, deprecated
                                          {0xC0A80000, 16},    // private
                                          {0xC6120000, 15},    // benchmarks
                                          {0xC6336400, 24},    // documentation
                                          {0xCB007100, 24},    // documentation
                                          {0xE0000000, 4},     // multicast
                                          {0xF0000000, 4},     // reserved
                                          {0xFFFFFFFF, 32}}};  // broadcast

bool public_v4(std::uint32_t address) {
    return std::none_of(kV4.begin(), kV4.end(), [address](const V4Range& range) {
        return ((address ^ range.base) >> (32 - range.bits)) == 0;
    });
}

std::uint32_t v4_at(const IpAddress::Bytes& bytes, std::size_t start) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = (number << 8U) | bytes.at(start + i);
    return number;
}

}  // namespace

bool is_public(const IpAddress& address) {
    const IpAddress::Bytes& bytes = address.bytes();
    if (address.is_v4()) return public_v4(v4_at(bytes, 12));
    const std::uint32_t head = v4_at(bytes, 0);
    // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address inside.
    if (head == 0x0064FF9B && v4_at(bytes, 4) == 0 && v4_at(bytes, 8) == 0) {
        return public_v4(v4_at(bytes, 12));
    }
    if (head >> 16U == 0x2002) return public_v4(v4_at(bytes, 2));
    // Only global unicast, without Teredo and the other protocol assignments, and documentation.
    return head >> 29U == 1 && head >> 9U != 0x20010000U >> 9U && head != 0x20010DB8 &&
           head >> 12U != 0x3FFF0000U >> 12U;
}

}  // namespace postern::reputation
