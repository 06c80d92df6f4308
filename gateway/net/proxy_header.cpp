#include "gateway/net/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "analyzers/base/ascii.hpp"

namespace postern::net {
namespace {

using State = ProxyHeader::State;

constexpr std::string_view kV1("PROXY ");
constexpr std::string_view kV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Fixed = 16;  // signature, version and command, family, length

const ProxyHeader kInvalid{State::Invalid, 0, {}};
const ProxyHeader kIncomplete{State::Incomplete, 0, {}};

/// The next word of a version 1 line: words are divided by exactly one blank.
std::string_view take_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

std::optional<mail::IpAddress> read_address(std::string_view word, bool v6) {
    const auto address = mail::IpAddress::parse(word);
    const bool written_as_v6 = word.find(':') != std::string_view::npos;
    if (!address || written_as_v6 != v6) return std::nullopt;
    return *address;
}

std::optional<std::uint16_t> read_port(std::string_view word) {
    std::uint16_t port = 0;
    const auto* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, port);
    const bool leading_zero = word.size() > 1 && word.front() == '0';
    if (read.ec != std::errc() || read.ptr != end || leading_zero) return std::nullopt;
    return port;
}

/// What stands between "PROXY " and CRLF.
ProxyHeader read_v1_line(std::string_view line, std::size_t size) {
    const std::string_view family = take_word(line);
    if (family == "UNKNOWN") return {State::Whole, size, {}};  // the rest is to be ignored
    const bool v6 = family == "TCP6";
    if (!v6 && family != "TCP4") return kInvalid;
    const auto source = read_address(take_word(line), v6);
    const auto destination = read_address(take_word(line), v6);
    const auto source_port = read_port(take_word(line));
    const bool more = line.find(' ') != std::string_view::npos;
    const auto destination_port = read_port(line);
    if (!source || !destination || !source_port || !destination_port || more) return kInvalid;
    return {State::Whole, size,
            ProxyEndpoints{*source, *source_port, *destination, *destination_port}};
}

ProxyHeader read_v1(std::string_view bytes) {
    const std::string_view head = bytes.substr(0, kMaxProxyV1);
    const std::size_t lf = head.find('\n');
    if (lf == std::string_view::npos) {
        const std::size_t cr = head.find('\r');
        const bool hopeless =
            bytes.size() >= kMaxProxyV1 || (cr != std::string_view::npos && cr + 1 < head.size());
        return hopeless ? kInvalid : kIncomplete;
    }
    if (head.find('\r') + 1 != lf) return kInvalid;
    return read_v1_line(head.substr(kV1.size(), lf - 1 - kV1.size()), lf + 1);
}

std::size_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}
std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) * 256 + byte_at(bytes, at + 1));
}

mail::IpAddress address_at(std::string_view bytes, std::size_t at, std::size_t length) {
    mail::IpAddress::Bytes address{};
    if (length == 4) address[10] = address[11] = 0xff;  // the IPv4-mapped form
    const std::string_view from = bytes.substr(at, length);
    std::transform(from.begin(), from.end(), address.end() - static_cast<std::ptrdiff_t>(length),
                   [](char c) { return static_cast<std::uint8_t>(c); });
    return mail::IpAddress::from_bytes(address);
}

ProxyHeader read_v2(std::string_view bytes) {
    constexpr std::size_t kVersionAndLocal = 0x20;
    constexpr std::size_t kVersionAndProxy = 0x21;
    constexpr std::size_t kStream = 1;
    constexpr std::size_t kUnspecified = 0;
    enum Family : std::size_t { None = 0, V4 = 1, V6 = 2, Unix = 3 };
    constexpr std::array<std::size_t, 4> kAddressSizes = {0, 12, 36, 216};

    if (bytes.size() > kV2.size()) {
        const std::size_t command = byte_at(bytes, kV2.size());
        if (command != kVersionAndLocal && command != kVersionAndProxy) return kInvalid;
    }
    if (bytes.size() < kV2Fixed) return kIncomplete;
    const bool local = byte_at(bytes, 12) == kVersionAndLocal;
    const std::size_t family = byte_at(bytes, 13) >> 4U;
    const std::size_t transport = byte_at(bytes, 13) & 15U;
    const std::size_t size = kV2Fixed + number_at(bytes, 14);
    if (size > kMaxProxyV2) return kInvalid;
    if (!local) {
        if (family >= kAddressSizes.size() || size - kV2Fixed < kAddressSizes.at(family)) {
            return kInvalid;
        }
        const bool nothing_said = family == None || transport == kUnspecified;
        if (!nothing_said && transport != kStream) return kInvalid;  // datagrams carry no SMTP
    }
    if (bytes.size() < size) return kIncomplete;
    if (local || transport == kUnspecified || (family != V4 && family != V6)) {
        return {State::Whole, size, {}};
    }
    // What follows the addresses are TLVs; their lengths do not matter to who skips all of them.
    const std::size_t length = family == V4 ? 4 : 16;
    const std::size_t ports = kV2Fixed + 2 * length;
    return {
        State::Whole, size,
        ProxyEndpoints{address_at(bytes, kV2Fixed, length), number_at(bytes, ports),
                       address_at(bytes, kV2Fixed + length, length), number_at(bytes, ports + 2)}};
}

}  // namespace

ProxyHeader read_proxy_header(std::string_view bytes) {
    for (const std::string_view signature : {kV1, kV2}) {
        const std::size_t shown = std::min(bytes.size(), signature.size());
        if (bytes.substr(0, shown) != signature.substr(0, shown)) continue;
        if (shown < signature.size()) return kIncomplete;
        return signature == kV1 ? read_v1(bytes) : read_v2(bytes);
    }
    return kInvalid;
}

}  // namespace postern::net
