#pragma once

/// @file [smtp] as this folder takes it.

#include <functional>
#include <memory>

#include "gateway/net/server.hpp"
#include "gateway/net/tls_context.hpp"
#include "gateway/settings/smtp.hpp"
#include "gateway/smtp/session.hpp"

namespace postern::net {

/// Connections that the limit on descriptors (RLIMIT_NOFILE) leaves room for, beside the other
/// descriptors of the process; 0: any number.
[[nodiscard]] std::uint32_t connection_room(const settings::Smtp& smtp);

/// `pool` tells the share of the decision queue that is taken. Networks were checked when they were
/// read; aborts on one that is none.
[[nodiscard]] ServerSettings server_settings(const settings::Smtp& smtp,
                                             std::function<double()> pool);
[[nodiscard]] std::shared_ptr<const smtp::SessionSettings> session_settings(
    const settings::Smtp& smtp);
/// `client_ca` is the text of smtp.tls.client_ca.
[[nodiscard]] TlsRules tls_rules(const settings::Smtp& smtp, std::string client_ca);

}  // namespace postern::net
