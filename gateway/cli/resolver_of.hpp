#pragma once

#include <memory>

#include "gateway/dns/inquiry.hpp"
#include "gateway/settings/dns.hpp"

namespace postern::cli {

/// The resolver of this configuration. Throws std::runtime_error or std::invalid_argument with a
/// sentence: main() turns that into exit 2.
[[nodiscard]] std::unique_ptr<dns::Resolver> resolver_of(const settings::Dns& settings);

/// What one message may ask.
[[nodiscard]] dns::Budget message_budget(const settings::Dns& settings);

}  // namespace postern::cli
