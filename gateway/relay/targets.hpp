#pragma once

/// @file From a server's name to addresses, and to what it has to prove at each.

#include <string>
#include <vector>

#include "gateway/relay/hop_settings.hpp"
#include "gateway/relay/tls_client.hpp"
#include "gateway/relay/wire.hpp"
#include "gateway/smtp/client_session.hpp"

namespace postern::dns {
class Resolver;
}

namespace postern::relay {

/// One address to connect to.
struct Target {
    Endpoint endpoint;
    smtp::ClientTls tls = smtp::ClientTls::None;
    TlsProof proof = {};
};

struct Targets {
    std::vector<Target> found = {};  ///< in the order in which to try them
    std::string detail = {};         ///< why there are none, or fewer
};

inline constexpr std::size_t kMaxExchanges = 10;  ///< MX hosts of one domain
inline constexpr std::size_t kMaxTargets = 32;

/// Blocks until the answers are there or `deadline`. MX, A and AAAA are asked for at once; TLSA
/// (RFC 7672) behind secure addresses. An address needs no look-up and is never asked for TLSA.
[[nodiscard]] Targets look_up(const HopSettings& settings, dns::Resolver* resolver,
                              Clock::time_point deadline);

}  // namespace postern::relay
