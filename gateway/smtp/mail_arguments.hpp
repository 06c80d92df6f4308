#pragma once

/// @file What stands behind MAIL FROM: and RCPT TO:, read strictly (RFC 5321 4.1.2, RFC 1870, RFC
/// 6152, RFC 6531).

#include <cstdint>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/smtp/event.hpp"

namespace postern::smtp {

struct MailRules {
    bool extended = true;        ///< EHLO was said: without it there are no parameters
    std::uint64_t max_size = 0;  ///< bytes
};

/// `argument` begins behind the colon. A failure is the reply: 501, 550, 552, 553 or 555.
[[nodiscard]] Outcome<MailFrom, Reply> parse_mail(std::string_view argument,
                                                  const MailRules& rules);
[[nodiscard]] Outcome<RcptTo, Reply> parse_rcpt(std::string_view argument, bool smtputf8);

}  // namespace postern::smtp
