#include "gateway/checks/registry.hpp"

#include <array>

#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

std::span<const Check* const> registry() {
    static const std::array kChecks = {
        &pregreet(),
        &banned(),
        &connection_rate(),
        &no_ptr(),
        &fcrdns(),
        &helo_syntax(),
        &helo_literal(),
        &helo_self(),
        &helo_resolves(),
        &helo_ptr_match(),
        &generic_name(),
        &sender_syntax(),
        &sender_tls(),
        &message_rate(),
        &sender_domain(),
        &relay(),
        &recipient_tls(),
        &recipient_rate(),
        &harvest(),
        &null_sender_recipients(),
        &recipient_known(),
        &recipient_probe(),
        &loops(),
        &greylist(),
    };
    return kChecks;
}

}  // namespace postern::checks
