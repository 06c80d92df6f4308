#pragma once

/// @file Clients that misbehaved too much: points that fade, a ban at a threshold, longer each
/// time.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/mail/cidr.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

struct BanSettings {
    double threshold = 20;                                    ///< points
    std::chrono::seconds half_life = std::chrono::hours(24);  ///< of points; a minute or more
    std::chrono::seconds first = std::chrono::hours(1);       ///< first ban of a client
    double growth = 2;  ///< each further one is as much longer
    std::chrono::seconds longest = std::chrono::hours(24 * 7);
    std::chrono::seconds memory = std::chrono::hours(24 * 30);  ///< how long bans are counted
    unsigned v4_bits = 32;                                      ///< what counts as one client
    unsigned v6_bits = 64;
};

struct Ban {
    mail::Cidr client;
    std::string reason;      ///< at most kMaxBanReason bytes of printable ASCII
    std::int64_t since = 0;  ///< seconds since 1970
    std::int64_t until = 0;
    std::int64_t times = 1;  ///< with this one
};
inline constexpr std::size_t kMaxBanReason = 200;

struct Offence {
    double points = 0;       ///< of this client now; 0 again when they became a ban
    std::optional<Ban> ban;  ///< the client is banned, by this offence or before
};

class Bans {
public:
    /// `state` outlives this.
    Bans(State& state, const BanSettings& settings) : state_(state), settings_(settings) {}

    /// Whether the client is banned at `now` (seconds since 1970). An error means that it is not
    /// known: the caller lets the client go on to the other checks and says so in the log.
    [[nodiscard]] Outcome<std::optional<Ban>, StateError> find(const mail::IpAddress& client,
                                                               std::int64_t now) const;
    /// Adds points (0 to 1'000'000). A client that reaches the threshold is banned, and pays its
    /// points with that.
    [[nodiscard]] Outcome<Offence, StateError> offend(const mail::IpAddress& client, double points,
                                                      std::string_view reason,
                                                      std::int64_t now) const;
    /// By hand. Replaces a ban that is there.
    [[nodiscard]] Outcome<Ban, StateError> ban(const mail::IpAddress& client,
                                               std::chrono::seconds time, std::string_view reason,
                                               std::int64_t now) const;
    /// Ends a ban, forgets points and earlier bans. False: there was no ban.
    [[nodiscard]] Outcome<bool, StateError> lift(const mail::IpAddress& client,
                                                 std::int64_t now) const;
    /// All that hold at `now`, at most `most`, those that end last first.
    [[nodiscard]] Outcome<std::vector<Ban>, StateError> list(std::int64_t now,
                                                             std::size_t most = 1000) const;

private:
    struct Era;
    [[nodiscard]] mail::Cidr scope(const mail::IpAddress& client) const;
    [[nodiscard]] Outcome<double, StateError> add_points(const std::string& who, double points,
                                                         std::int64_t now) const;
    [[nodiscard]] Outcome<Ban, StateError> begin(const mail::Cidr& who, std::string_view reason,
                                                 std::int64_t now) const;
    [[nodiscard]] Outcome<Done, StateError> forget_points(const std::string& who,
                                                          std::int64_t now) const;

    State& state_;
    BanSettings settings_;
};

}  // namespace postern::state
