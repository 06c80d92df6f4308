#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/results.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth {

/// Whether a chain of seals vouches for a message that DMARC fails (RFC 8617 7.2): it passes, every
/// seal is of a domain of `trusted` (lower case), and what the first of them recorded was a DMARC
/// pass. A stranger in the chain may have written everything before his seal anew.
[[nodiscard]] bool arc_vouches(const mail::HeaderBlock& header, const Arc& arc,
                               const std::vector<std::string>& trusted);

/// Whether an (ARC-)Authentication-Results value records `method`=pass. Comments and quoted text do
/// not count.
[[nodiscard]] bool records_pass(std::string_view value, std::string_view method);

}  // namespace postern::auth
