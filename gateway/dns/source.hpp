#pragma once

/// @file Where answers come from when the cache has none. Used on the loop's thread only.

#include <cstdint>
#include <functional>
#include <string>

#include "gateway/dns/reply.hpp"

namespace postern::dns {

class Source {
public:
    using Ticket = std::uint64_t;
    using Fetched = std::function<void(Reading reading)>;

    virtual ~Source() = default;

    /// `name` in wire form. Calls `done` once, never before this returns, and not after cancel().
    /// Has no time limit of its own: whoever asks cancels.
    virtual Ticket fetch(const std::string& name, RecordType type, Fetched done) = 0;
    virtual void cancel(Ticket ticket) = 0;
    /// What has gone wrong so far, for a person; may be empty.
    [[nodiscard]] virtual std::string trouble(Ticket ticket) const = 0;
};

}  // namespace postern::dns
