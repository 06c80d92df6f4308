#pragma once

/// @file One function for each check, for registry.cpp. Private to this folder.

#include "gateway/checks/check.hpp"
#include "gateway/checks/options.hpp"

namespace postern::checks {

const Check& pregreet();
const Check& client_denied();
const Check& banned();
const Check& connection_rate();
const Check& error_rate();
const Check& no_ptr();
const Check& fcrdns();
const Check& client_lists();
const Check& helo_syntax();
const Check& helo_literal();
const Check& helo_self();
const Check& helo_resolves();
const Check& helo_ptr_match();
const Check& generic_name();
const Check& helo_lists();
const Check& sender_syntax();
const Check& sender_denied();
const Check& sender_tls();
const Check& message_rate();
const Check& sender_domain();
const Check& sender_lists();
const Check& relay();
const Check& recipient_tls();
const Check& recipient_rate();
const Check& harvest();
const Check& null_sender_recipients();
const Check& recipient_known();
const Check& recipient_probe();
const Check& loops();
const Check& spf();
const Check& dkim();
const Check& dmarc();
const Check& arc();
const Check& display_name();
const Check& people();
const Check& look_alike();
const Check& own_domain();
const Check& divergence();
const Check& allowed();
const Check& first_contact();
const Check& content_lists();
const Check& greylist();

}  // namespace postern::checks
