#include "gateway/dns/query.hpp"

namespace postern::dns {
namespace {

void append_u16(std::string& out, std::uint16_t value) {
    out += static_cast<char>(value >> 8U);
    out += static_cast<char>(value & 0xFFU);
}

}  // namespace

std::string Query::packet() const {
    constexpr std::uint16_t kRecursionDesired = 0x0100;
    constexpr std::uint16_t kClassIn = 1;
    constexpr std::uint16_t kOpt = 41;
    std::string out;
    out.reserve(12 + name.size() + 4 + 11);
    append_u16(out, id);
    append_u16(out, kRecursionDesired);
    append_u16(out, 1);
    append_u16(out, 0);
    append_u16(out, 0);
    append_u16(out, edns ? 1 : 0);
    out += name;
    append_u16(out, static_cast<std::uint16_t>(type));
    append_u16(out, kClassIn);
    if (edns) {  // RFC 6891 6.1.2: root, OPT, payload, no flags, no options
        out += '\0';
        append_u16(out, kOpt);
        append_u16(out, kUdpPayload);
        out.append(6, '\0');
    }
    return out;
}

}  // namespace postern::dns
