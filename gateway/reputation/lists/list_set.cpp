#include "gateway/reputation/lists/list_set.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/reputation/lists/host_name.hpp"
#include "gateway/reputation/lists/url_key.hpp"

namespace postern::reputation {
namespace {

using mail::IpAddress;

constexpr unsigned kMappedBits = 96;  ///< in front of an IPv4 address

IpAddress masked(const IpAddress& address, unsigned bits) {
    IpAddress::Bytes bytes = address.bytes();
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned before = i * 8;
        if (before >= bits) {
            bytes.at(i) = 0;
        } else if (bits - before < 8) {
            bytes.at(i) &= static_cast<std::uint8_t>(0xFFU << (8 - (bits - before)));
        }
    }
    return IpAddress::from_bytes(bytes);
}

std::optional<unsigned> prefix_bits(std::string_view text) {
    unsigned bits = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, bits);
    if (text.empty() || read.ec != std::errc() || read.ptr != end || bits > 128) {
        return std::nullopt;
    }
    return bits;
}

std::string network_text(const IpAddress& base, unsigned bits) {
    const bool v4 = base.is_v4();
    if (bits == 128) return base.text();
    return base.text() + "/" + std::to_string(v4 ? bits - kMappedBits : bits);
}

std::optional<ListSet::Digest> read_digest(std::string_view hex) {
    ListSet::Digest digest{};
    if (hex.size() != 2 * digest.size()) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const char* start = hex.data() + 2 * i;
        const auto read = std::from_chars(start, start + 2, digest.at(i), 16);
        if (read.ec != std::errc() || read.ptr != start + 2) return std::nullopt;
    }
    return digest;
}

std::string digest_text(const ListSet::Digest& digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

}  // namespace

bool SortedTexts::add(std::string_view text) {
    if (text.find('\0') != std::string_view::npos ||
        text.size() + 1 > std::numeric_limits<std::uint32_t>::max() - text_.size()) {
        return false;
    }
    starts_.push_back(static_cast<std::uint32_t>(text_.size()));
    text_.append(text);
    text_ += '\0';
    return true;
}

std::string_view SortedTexts::at(std::size_t index) const {
    return text_.c_str() + starts_.at(index);
}

void SortedTexts::finish() {
    const char* base = text_.data();
    const auto less = [base](std::uint32_t a, std::uint32_t b) {
        return std::strcmp(base + a, base + b) < 0;
    };
    if (!std::is_sorted(starts_.begin(), starts_.end(), less)) {
        std::sort(starts_.begin(), starts_.end(), less);
    }
    const auto same = [base](std::uint32_t a, std::uint32_t b) {
        return std::strcmp(base + a, base + b) == 0;
    };
    starts_.erase(std::unique(starts_.begin(), starts_.end(), same), starts_.end());
    starts_.shrink_to_fit();
    text_.shrink_to_fit();
}

bool SortedTexts::contains(std::string_view text) const {
    const char* base = text_.c_str();
    const auto found = std::lower_bound(starts_.begin(), starts_.end(), text,
                                        [base](std::uint32_t start, std::string_view wanted) {
                                            return std::string_view(base + start) < wanted;
                                        });
    return found != starts_.end() && std::string_view(base + *found) == text;
}

std::size_t SortedTexts::memory() const {
    return text_.capacity() + starts_.capacity() * sizeof(std::uint32_t);
}

bool ListSet::add(EntryKind kind, std::string_view text) {
    switch (kind) {
        case EntryKind::Any:
            if (text.find('@') != std::string_view::npos) return add_address(text);
            return add_network(text) || add_domain(text);
        case EntryKind::Ip:
            return add_network(text);
        case EntryKind::Domain:
            return add_domain(text);
        case EntryKind::Address:
            return add_address(text);
        case EntryKind::Url: {
            const auto key = url_key(text);
            return key && urls_.add(*key);
        }
        case EntryKind::Digest:
            return add_digest(text);
    }
    return false;
}

bool ListSet::add_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view base_text = text.substr(0, slash);
    const auto base = IpAddress::parse(base_text);
    if (!base) return false;
    unsigned bits = 128;
    if (slash != std::string_view::npos) {
        const bool dotted = base_text.find(':') == std::string_view::npos;
        const auto given = prefix_bits(text.substr(slash + 1));
        if (!given || (dotted && *given > 32)) return false;
        bits = dotted ? *given + kMappedBits : *given;
    }
    if (masked(*base, bits) != *base) return false;
    networks_[bits].push_back(*base);
    return true;
}

bool ListSet::add_domain(std::string_view text) {
    // ".example.org" and "*.example.org" are ways to write what holds in any case.
    if (text.starts_with("*.")) text.remove_prefix(2);
    if (text.starts_with('.')) text.remove_prefix(1);
    const auto host = ascii_host(text);
    return host && domains_.add(*host);
}

bool ListSet::add_address(std::string_view text) {
    const auto mailbox = mail::Mailbox::parse(text);
    if (!mailbox) return false;
    const std::string entry = ascii_lower(mailbox->text());
    // In a file of lines these would be comments, or have one.
    if (entry.find_first_of("#;") == 0 || entry.find_first_of(" \t") != std::string::npos) {
        return false;
    }
    return addresses_.add(entry);
}

bool ListSet::add_digest(std::string_view text) {
    const auto digest = read_digest(text);
    if (digest) digests_.push_back(*digest);
    return digest.has_value();
}

void ListSet::finish() {
    for (auto& [bits, bases] : networks_) {
        std::sort(bases.begin(), bases.end());
        bases.erase(std::unique(bases.begin(), bases.end()), bases.end());
        bases.shrink_to_fit();
    }
    for (SortedTexts* each : {&domains_, &addresses_, &urls_}) each->finish();
    std::sort(digests_.begin(), digests_.end());
    digests_.erase(std::unique(digests_.begin(), digests_.end()), digests_.end());
    digests_.shrink_to_fit();
}

std::optional<std::string> ListSet::find(const IpAddress& address) const {
    for (auto each = networks_.rbegin(); each != networks_.rend(); ++each) {
        // An IPv6 network shorter than the mapped prefix ("::/0") does not mean IPv4 addresses.
        if (address.is_v4() && each->first < kMappedBits) return std::nullopt;
        const IpAddress base = masked(address, each->first);
        if (std::binary_search(each->second.begin(), each->second.end(), base)) {
            return network_text(base, each->first);
        }
    }
    return std::nullopt;
}

std::optional<std::string> ListSet::find_domain(std::string_view host,
                                                std::string_view least) const {
    for (std::string_view name = host; !name.empty();) {
        if (domains_.contains(name)) return std::string(name);
        const std::size_t dot = name.find('.');
        if (dot == std::string_view::npos) break;
        name.remove_prefix(dot + 1);
        if (name.size() < least.size()) break;
    }
    return std::nullopt;
}

bool ListSet::has_address(std::string_view mailbox) const {
    return addresses_.contains(ascii_lower(mailbox));
}

std::optional<std::string> ListSet::find_url(std::string_view key) const {
    for (const std::string_view each : {key, without_query(key)}) {
        if (!each.empty() && urls_.contains(each)) return std::string(each);
    }
    return std::nullopt;
}

bool ListSet::has_digest(std::string_view hex) const {
    const auto digest = read_digest(hex);
    return digest && std::binary_search(digests_.begin(), digests_.end(), *digest);
}

std::size_t ListSet::size() const {
    std::size_t all = domains_.size() + addresses_.size() + urls_.size() + digests_.size();
    for (const auto& each : networks_) all += each.second.size();
    return all;
}

std::size_t ListSet::memory() const {
    std::size_t all = domains_.memory() + addresses_.memory() + urls_.memory() +
                      digests_.capacity() * sizeof(Digest);
    for (const auto& each : networks_) all += each.second.capacity() * sizeof(IpAddress);
    return all;
}

std::vector<std::string> ListSet::entries() const {
    std::vector<std::string> all;
    all.reserve(size());
    for (const auto& each : networks_) {
        for (const IpAddress& base : each.second) all.push_back(network_text(base, each.first));
    }
    for (const SortedTexts* each : {&domains_, &addresses_, &urls_}) {
        for (std::size_t i = 0; i < each->size(); ++i) all.emplace_back(each->at(i));
    }
    for (const Digest& each : digests_) all.push_back(digest_text(each));
    return all;
}

}  // namespace postern::reputation
