#pragma once

/// @file The words a client hears about its message. Generic on purpose: a sender learns what
/// became of the mail and an id to ask about, not what was found.

#include <string>

#include "gateway/verdict/verdict.hpp"

namespace postern::verdict {

/// A reply with its enhanced code (RFC 3463), e.g. {550, "5.7.1", "Refused ... (id)"}.
struct ReplyWords {
    int code;
    std::string enhanced;
    std::string text;
};

/// After the end of data. Delivered and quarantined mail get the same words.
[[nodiscard]] ReplyWords reply_for(Action action, MailClass mail_class, const std::string& id);

/// The analysis is not to be had now: the sender should come again.
[[nodiscard]] ReplyWords analyzer_unavailable(const std::string& id);

}  // namespace postern::verdict
