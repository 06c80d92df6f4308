#include "gateway/checks/registry.hpp"

#include <array>

#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

std::span<const Check* const> registry() {
    static const std::array kChecks = {
        &pregreet(),
        &client_denied(),
        &banned(),
        &connection_rate(),
        &error_rate(),
        &no_ptr(),
        &fcrdns(),
        &client_lists(),
        &helo_syntax(),
        &helo_literal(),
        &helo_self(),
        &helo_resolves(),
        &helo_ptr_match(),
        &generic_name(),
        &helo_lists(),
        &sender_syntax(),
        &sender_denied(),
        &sender_tls(),
        &message_rate(),
        &sender_domain(),
        &sender_lists(),
        &relay(),
        &recipient_tls(),
        &recipient_rate(),
        &harvest(),
        &null_sender_recipients(),
        &recipient_known(),
        &recipient_probe(),
        &loops(),
        &spf(),
        &dkim(),
        &dmarc(),
        &arc(),
        &display_name(),
        &people(),
        &look_alike(),
        &own_domain(),
        &divergence(),
        &first_contact(),
        &allowed(),
        &content_lists(),
        &greylist(),
    };
    return kChecks;
}

}  // namespace postern::checks
