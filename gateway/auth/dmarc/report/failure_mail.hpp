#pragma once

/// @file The mail that tells a domain of one failed message: multipart/report with
/// message/feedback-report (RFC 5965, 6591, 9991) and the header fields, without the body. Pure.

#include <string>
#include <string_view>

#include "gateway/auth/dmarc/report/failure.hpp"
#include "gateway/auth/dmarc/report/redaction.hpp"

namespace postern::auth::dmarc {

struct FailureMail {
    std::string receiver;      ///< our host name
    std::string authserv_id;   ///< who authenticated
    std::string organization;  ///< who reports
    std::string from;          ///< mailbox
    std::string to;            ///< mailbox
    std::string date;          ///< RFC 5322 3.3
    std::string id;            ///< unique, [A-Za-z0-9]; nobody outside can tell it before
    std::string spf_record;    ///< of the domain that SPF asked; empty: none, or not known
};

/// The whole message, CRLF lines of at most 998 bytes, 7-bit whatever the header block holds: ready
/// for the queue.
[[nodiscard]] std::string failure_message(const FailedMessage& message, const FailureMail& mail,
                                          const Redactor& redactor);

/// The content of message/feedback-report. A stranger's text ends no field.
[[nodiscard]] std::string feedback_report(const FailedMessage& message, const FailureMail& mail,
                                          const Redactor& redactor);

/// Bytes as a MIME part's content with its own fields in front of the empty line.
[[nodiscard]] std::string header_part(std::string_view block);

}  // namespace postern::auth::dmarc
