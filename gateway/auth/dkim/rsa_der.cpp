#include "gateway/auth/dkim/rsa_der.hpp"

#include <bit>
#include <limits>

namespace postern::auth::dkim {
namespace {

constexpr unsigned char kInteger = 0x02;
constexpr unsigned char kBitString = 0x03;
constexpr unsigned char kSequence = 0x30;
// AlgorithmIdentifier of rsaEncryption (1.2.840.113549.1.1.1), its NULL aside.
constexpr std::string_view kRsaEncryption = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
constexpr std::string_view kNull{"\x05\x00", 2};

unsigned char byte(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

/// Takes one element with this tag off the front and gives its content.
std::optional<std::string_view> take(std::string_view& from, unsigned char tag) {
    if (from.size() < 2 || byte(from, 0) != tag) return std::nullopt;
    std::size_t length = byte(from, 1);
    std::size_t head = 2;
    if (length >= 0x80) {
        const std::size_t digits = length & 0x7fU;
        if (digits < 1 || digits > 3 || from.size() < head + digits) return std::nullopt;
        length = 0;
        for (std::size_t i = 0; i < digits; ++i) length = (length << 8U) | byte(from, head + i);
        head += digits;
    }
    if (length > from.size() - head) return std::nullopt;
    const std::string_view content = from.substr(head, length);
    from.remove_prefix(head + length);
    return content;
}

std::optional<std::string_view> take_positive(std::string_view& from) {
    auto number = take(from, kInteger);
    if (!number || number->empty() || byte(*number, 0) >= 0x80) return std::nullopt;
    while (!number->empty() && number->front() == '\0') number->remove_prefix(1);
    if (number->empty()) return std::nullopt;
    return number;
}

std::optional<RsaNumbers> parse_numbers(std::string_view der) {
    auto body = take(der, kSequence);
    if (!body || !der.empty()) return std::nullopt;
    const auto modulus = take_positive(*body);
    if (!modulus) return std::nullopt;
    const auto exponent = take_positive(*body);
    if (!exponent || !body->empty()) return std::nullopt;
    return RsaNumbers{*modulus, *exponent};
}

}  // namespace

std::uint32_t RsaNumbers::bits() const {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() / 16;
    if (modulus.empty()) return 0;
    if (modulus.size() > kMost) return std::numeric_limits<std::uint32_t>::max();
    const auto top = static_cast<std::uint32_t>(std::bit_width(unsigned{byte(modulus, 0)}));
    return static_cast<std::uint32_t>(modulus.size() - 1) * 8 + top;
}

std::optional<RsaNumbers> parse_rsa_public_key(std::string_view der) {
    if (const auto plain = parse_numbers(der)) return plain;
    auto info = take(der, kSequence);
    if (!info || !der.empty()) return std::nullopt;
    const auto algorithm = take(*info, kSequence);
    if (!algorithm || !algorithm->starts_with(kRsaEncryption)) return std::nullopt;
    const std::string_view parameters = algorithm->substr(kRsaEncryption.size());
    if (!parameters.empty() && parameters != kNull) return std::nullopt;
    const auto bits = take(*info, kBitString);
    if (!bits || !info->empty() || bits->empty() || bits->front() != '\0') return std::nullopt;
    return parse_numbers(bits->substr(1));
}

}  // namespace postern::auth::dkim
