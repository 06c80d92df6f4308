#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/cidr.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::net {

enum class Refusal : std::uint8_t {
    Total,     ///< max_connections
    Overload,  ///< close to what can be borne: the rest is for clients that are not counted
    Client,    ///< open connections of one address (IPv6: of one /64)
    Prefix,    ///< of one /24 (IPv6: of one /56)
    Proxy,     ///< a listed proxy did not begin with a PROXY header
};
/// For metrics and logs: "total", "overload", "client", "prefix", "proxy".
[[nodiscard]] std::string_view name(Refusal refusal);

struct AdmissionLimits {
    std::uint32_t total = 30000;
    std::uint32_t per_client = 100;
    std::uint32_t per_prefix = 500;
    std::vector<mail::Cidr> unlimited = {};  ///< no limit per client or prefix for these
};

/// Counts connections, of all clients and of each. Thread-safe.
class Admission : public std::enable_shared_from_this<Admission> {
public:
    explicit Admission(AdmissionLimits limits) : limits_(std::move(limits)) {}

    /// One connection that counts; gives its place back when it goes.
    class Place {
    public:
        explicit Place(std::shared_ptr<Admission> admission) : admission_(std::move(admission)) {}
        ~Place();
        Place(Place&&) noexcept = default;
        Place& operator=(Place&&) = delete;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        /// The connection is this client's from now on, and nobody else's. A refusal: the client
        /// has too many; it is then counted under nobody.
        [[nodiscard]] std::optional<Refusal> count_as(const mail::IpAddress& client);

    private:
        std::shared_ptr<Admission> admission_;
        std::optional<mail::IpAddress> client_ = {};  ///< counted under this one, if at all
    };

    /// nullopt: a connection whose client is not known yet, or that is not counted.
    [[nodiscard]] Outcome<Place, Refusal> admit(const std::optional<mail::IpAddress>& client);
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] bool unlimited(const mail::IpAddress& client) const;

private:
    using Counts = std::map<mail::IpAddress, std::uint32_t>;

    std::optional<Refusal> enter(const mail::IpAddress& client);
    void leave(const mail::IpAddress& client);
    static std::uint32_t found(const Counts& counts, const mail::IpAddress& key);
    static void take_one(Counts& counts, const mail::IpAddress& key);

    const AdmissionLimits limits_;
    mutable std::mutex mutex_;
    std::size_t count_ = 0;
    Counts clients_;
    Counts prefixes_;
};

}  // namespace postern::net
