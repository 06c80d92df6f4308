#pragma once

/// @file What stands behind MAIL FROM: and RCPT TO:, read strictly (RFC 5321 4.1.2, RFC 1870, RFC
/// 3461, RFC 6152, RFC 6531).

#include <cstdint>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/smtp/event.hpp"

namespace postern::smtp {

struct MailRules {
    bool extended = true;        ///< EHLO was said: without it there are no parameters
    std::uint64_t max_size = 0;  ///< bytes
    bool dsn = true;             ///< RET and ENVID are offered
    bool prdr = true;            ///< PRDR is offered
};

/// `argument` begins behind the colon. A failure is the reply: 501, 550, 552, 553 or 555.
[[nodiscard]] Outcome<MailFrom, Reply> parse_mail(std::string_view argument,
                                                  const MailRules& rules);
struct RcptRules {
    bool extended = true;   ///< EHLO was said
    bool smtputf8 = false;  ///< MAIL asked for it
    bool dsn = true;        ///< NOTIFY and ORCPT are offered
};
[[nodiscard]] Outcome<RcptTo, Reply> parse_rcpt(std::string_view argument, const RcptRules& rules);

}  // namespace postern::smtp
