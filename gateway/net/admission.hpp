#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "gateway/mail/cidr.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::net {

/// Counts connections, of all clients and of each. Thread-safe.
class Admission : public std::enable_shared_from_this<Admission> {
public:
    Admission(std::uint32_t total, std::uint32_t per_client, std::vector<mail::Cidr> unlimited)
        : total_(total), per_client_(per_client), unlimited_(std::move(unlimited)) {}

    /// One connection that counts; gives its place back when it goes.
    class Place {
    public:
        Place(std::shared_ptr<Admission> admission, std::optional<mail::IpAddress> client)
            : admission_(std::move(admission)), client_(client) {}
        ~Place();
        Place(Place&&) noexcept = default;
        Place& operator=(Place&&) = delete;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        std::shared_ptr<Admission> admission_;
        std::optional<mail::IpAddress> client_;  ///< counted under this one, if at all
    };

    /// nullopt: too many.
    [[nodiscard]] std::optional<Place> admit(const mail::IpAddress& client);
    [[nodiscard]] std::size_t count() const;

private:
    void leave(const std::optional<mail::IpAddress>& client);

    const std::uint32_t total_;
    const std::uint32_t per_client_;
    const std::vector<mail::Cidr> unlimited_;
    mutable std::mutex mutex_;
    std::size_t count_ = 0;
    std::map<mail::IpAddress, std::uint32_t> clients_;
};

}  // namespace postern::net
