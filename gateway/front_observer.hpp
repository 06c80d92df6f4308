#pragma once

#include "gateway/net/server.hpp"
#include "gateway/observe/gateway_metrics.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/settings/smtp.hpp"

namespace postern {

/// Counts what happens at the front, and logs what an operator should see: overload, exceptions.
/// Both outlive the server.
[[nodiscard]] net::Observer front_observer(observe::GatewayMetrics& metrics, observe::Log& log);

/// Says in the log when the limit on descriptors leaves room for fewer connections than are
/// allowed.
void warn_of_few_descriptors(const settings::Smtp& smtp, observe::Log& log);

}  // namespace postern
