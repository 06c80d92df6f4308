#pragma once

/// @file The configuration's words as this module's.

#include "gateway/dns/client.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/settings/dns.hpp"

namespace postern::dns {

/// `on_result` stays empty. Throws std::runtime_error with a sentence when a server cannot be read.
[[nodiscard]] ClientSettings client_settings(const settings::Dns& dns);

/// What one message may ask from now on.
[[nodiscard]] Budget message_budget(const settings::Dns& dns);

}  // namespace postern::dns
