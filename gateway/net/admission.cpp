#include "gateway/net/admission.hpp"

#include <algorithm>
#include <array>

namespace postern::net {
namespace {

/// The first `v4` bytes of an IPv4 address, or the first `v6` of another: IPv4 stands behind the 12
/// bytes of its IPv6 form.
mail::IpAddress prefix(const mail::IpAddress& client, std::size_t v4, std::size_t v6) {
    constexpr std::size_t kMapped = 12;
    mail::IpAddress::Bytes bytes = client.bytes();
    const std::size_t kept = client.is_v4() ? kMapped + v4 : v6;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end(), std::uint8_t{0});
    return mail::IpAddress::from_bytes(bytes);
}

/// Whoever has one IPv6 address has the 2^64 around it too.
mail::IpAddress as_client(const mail::IpAddress& address) {
    return prefix(address, 4, 8);
}
mail::IpAddress as_prefix(const mail::IpAddress& address) {
    return prefix(address, 3, 7);
}

}  // namespace

std::string_view name(Refusal refusal) {
    constexpr std::array<std::string_view, 5> kNames = {"total", "overload", "client", "prefix",
                                                        "proxy"};
    return kNames.at(static_cast<std::size_t>(refusal));
}

bool Admission::unlimited(const mail::IpAddress& client) const {
    return std::any_of(limits_.unlimited.begin(), limits_.unlimited.end(),
                       [&](const mail::Cidr& network) { return network.contains(client); });
}

Outcome<Admission::Place, Refusal> Admission::admit(const std::optional<mail::IpAddress>& client) {
    {
        const std::lock_guard lock(mutex_);
        if (count_ >= limits_.total) return Failure{Refusal::Total};
        ++count_;
    }
    Place place(shared_from_this());
    if (client) {
        if (const auto refusal = place.count_as(*client)) return Failure{*refusal};
    }
    return place;
}

std::optional<Refusal> Admission::Place::count_as(const mail::IpAddress& client) {
    if (client_) admission_->leave(*client_);
    client_.reset();
    if (admission_->unlimited(client)) return std::nullopt;
    if (const auto refusal = admission_->enter(client)) return refusal;
    client_ = client;
    return std::nullopt;
}

Admission::Place::~Place() {
    if (!admission_) return;
    if (client_) admission_->leave(*client_);
    const std::lock_guard lock(admission_->mutex_);
    --admission_->count_;
}

std::optional<Refusal> Admission::enter(const mail::IpAddress& client) {
    const mail::IpAddress one = as_client(client);
    const mail::IpAddress all = as_prefix(client);
    const std::lock_guard lock(mutex_);
    if (found(clients_, one) >= limits_.per_client) return Refusal::Client;
    if (found(prefixes_, all) >= limits_.per_prefix) return Refusal::Prefix;
    ++clients_[one];
    ++prefixes_[all];
    return std::nullopt;
}

void Admission::leave(const mail::IpAddress& client) {
    const std::lock_guard lock(mutex_);
    take_one(clients_, as_client(client));
    take_one(prefixes_, as_prefix(client));
}

std::uint32_t Admission::found(const Counts& counts, const mail::IpAddress& key) {
    const auto entry = counts.find(key);
    return entry == counts.end() ? 0 : entry->second;
}

void Admission::take_one(Counts& counts, const mail::IpAddress& key) {
    const auto entry = counts.find(key);
    if (--entry->second == 0) counts.erase(entry);
}

std::size_t Admission::count() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

}  // namespace postern::net
