#pragma once

/// @file One function for each check, for registry.cpp. Private to this folder.

#include "gateway/checks/check.hpp"
#include "gateway/checks/options.hpp"

namespace postern::checks {

const Check& pregreet();
const Check& banned();
const Check& connection_rate();
const Check& no_ptr();
const Check& fcrdns();
const Check& helo_syntax();
const Check& helo_literal();
const Check& helo_self();
const Check& helo_resolves();
const Check& helo_ptr_match();
const Check& generic_name();
const Check& sender_syntax();
const Check& sender_tls();
const Check& message_rate();
const Check& sender_domain();
const Check& relay();
const Check& recipient_tls();
const Check& recipient_rate();
const Check& harvest();
const Check& null_sender_recipients();
const Check& recipient_known();
const Check& recipient_probe();
const Check& loops();
const Check& greylist();

}  // namespace postern::checks
