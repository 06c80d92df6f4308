#pragma once

/// @file A list in memory, made once and then only read: exact, about 5 bytes and the text for each
/// entry, 16 for an address, 32 for a digest.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mail/ip_address.hpp"
#include "gateway/settings/lists.hpp"

namespace postern::reputation {

using settings::EntryKind;

/// Texts in order, one after the other in one piece of memory.
class SortedTexts {
public:
    /// False: it holds a NUL, or all together would be 4 GiB. Texts come in any order.
    [[nodiscard]] bool add(std::string_view text);
    /// Sorts and drops what came twice. Until then nothing is found.
    void finish();
    [[nodiscard]] bool contains(std::string_view text) const;
    [[nodiscard]] std::size_t size() const { return starts_.size(); }
    [[nodiscard]] std::size_t memory() const;
    /// In order.
    [[nodiscard]] std::string_view at(std::size_t index) const;

private:
    std::string text_;  ///< each ends in a NUL
    std::vector<std::uint32_t> starts_;
};

class ListSet {
public:
    using Digest = std::array<std::uint8_t, 32>;

    /// Adds an entry as a person or a feed writes it. False: it is none of this kind. Any is an IP
    /// address or network, a mail address, or a domain.
    [[nodiscard]] bool add(EntryKind kind, std::string_view text);
    /// Call it once, after the last add().
    void finish();

    /// The network that holds `address`, the narrowest one: "192.0.2.0/24".
    [[nodiscard]] std::optional<std::string> find(const mail::IpAddress& address) const;
    /// The entry that is `host` or a domain above it; parents shorter than `least` (a suffix of
    /// `host`; empty: the whole way up) are not tried. `host` as ascii_host() writes it.
    [[nodiscard]] std::optional<std::string> find_domain(std::string_view host,
                                                         std::string_view least) const;
    [[nodiscard]] bool has_domain(std::string_view host) const { return domains_.contains(host); }
    /// In any case of letters.
    [[nodiscard]] bool has_address(std::string_view mailbox) const;
    /// `key` as url_key() makes it. The entry: with its query, or one that stands for any query.
    [[nodiscard]] std::optional<std::string> find_url(std::string_view key) const;
    /// 64 hexadecimal digits.
    [[nodiscard]] bool has_digest(std::string_view hex) const;

    [[nodiscard]] std::size_t size() const;
    /// Bytes, about.
    [[nodiscard]] std::size_t memory() const;
    /// Every entry in its canonical form, sorted, by kind.
    [[nodiscard]] std::vector<std::string> entries() const;

private:
    [[nodiscard]] bool add_network(std::string_view text);
    [[nodiscard]] bool add_domain(std::string_view text);
    [[nodiscard]] bool add_address(std::string_view text);
    [[nodiscard]] bool add_digest(std::string_view text);

    std::map<unsigned, std::vector<mail::IpAddress>> networks_;  ///< by bits of the IPv6 form
    SortedTexts domains_;
    SortedTexts addresses_;
    SortedTexts urls_;
    std::vector<Digest> digests_;
};

}  // namespace postern::reputation
