#include "gateway/mail/cidr.hpp"

#include <algorithm>
#include <charconv>

namespace postern::mail {
namespace {

constexpr unsigned kAllBits = 128;
constexpr unsigned kMappedBits = 96;  // in front of an IPv4 address in IPv6 form

/// True when the first `bits` bits are the same.
bool same_prefix(const IpAddress::Bytes& a, const IpAddress::Bytes& b, unsigned bits) {
    for (unsigned i = 0; i < a.size() && i * 8 < bits; ++i) {
        const unsigned left = bits - i * 8;
        const unsigned mask = left >= 8 ? 0xffU : 0xffU & (0xffU << (8U - left));
        if (((a[i] ^ b[i]) & mask) != 0) return false;
    }
    return true;
}

bool zero_behind(const IpAddress::Bytes& bytes, unsigned bits) {
    for (unsigned bit = bits; bit < kAllBits; ++bit) {
        if ((bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) return false;
    }
    return true;
}

}  // namespace

Outcome<Cidr, IpError> Cidr::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) return Failure{base.error()};
    if (slash == std::string_view::npos) return Cidr(*base, kAllBits);

    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const unsigned offset = base->is_v4() ? kMappedBits : 0;
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() ||
        bits > kAllBits - offset || !zero_behind(base->bytes(), bits + offset)) {
        return Failure{IpError::NotAnAddress};
    }
    return Cidr(*base, bits + offset);
}

bool Cidr::contains(const IpAddress& address) const {
    return address.is_v4() == base_.is_v4() && same_prefix(address.bytes(), base_.bytes(), bits_);
}

std::string Cidr::text() const {
    const unsigned offset = base_.is_v4() ? kMappedBits : 0;
    return base_.text() + "/" + std::to_string(bits_ - offset);
}

Cidr prefix_of(const IpAddress& address, unsigned v4_bits, unsigned v6_bits) {
    const unsigned bits = address.is_v4() ? kMappedBits + std::min(v4_bits, kAllBits - kMappedBits)
                                          : std::min(v6_bits, kAllBits);
    IpAddress::Bytes bytes = address.bytes();
    for (unsigned bit = bits; bit < kAllBits; ++bit) {
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
    }
    return Cidr(IpAddress::from_bytes(bytes), bits);
}

}  // namespace postern::mail
