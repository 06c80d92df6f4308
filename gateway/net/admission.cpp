#include "gateway/net/admission.hpp"

#include <algorithm>

namespace postern::net {
namespace {

/// Whoever has one IPv6 address has the 2^64 around it too.
mail::IpAddress counted_as(const mail::IpAddress& client) {
    constexpr std::size_t kPrefixBytes = 8;
    if (client.is_v4()) return client;
    mail::IpAddress::Bytes bytes = client.bytes();
    std::fill(bytes.begin() + kPrefixBytes, bytes.end(), std::uint8_t{0});
    return mail::IpAddress::from_bytes(bytes);
}

}  // namespace

std::optional<Admission::Place> Admission::admit(const mail::IpAddress& client) {
    const bool counted = std::none_of(unlimited_.begin(), unlimited_.end(),
                                      [&](const mail::Cidr& c) { return c.contains(client); });
    const std::lock_guard lock(mutex_);
    if (count_ >= total_) return std::nullopt;
    std::optional<mail::IpAddress> key;
    if (counted) {
        key = counted_as(client);
        const auto found = clients_.find(*key);
        const std::uint32_t already = found == clients_.end() ? 0 : found->second;
        if (already >= per_client_) return std::nullopt;
        clients_[*key] = already + 1;
    }
    ++count_;
    return Place(shared_from_this(), key);
}

void Admission::leave(const std::optional<mail::IpAddress>& client) {
    const std::lock_guard lock(mutex_);
    --count_;
    if (!client) return;
    const auto found = clients_.find(*client);
    if (--found->second == 0) clients_.erase(found);
}

std::size_t Admission::count() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

Admission::Place::~Place() {
    if (admission_) admission_->leave(client_);
}

}  // namespace postern::net
