#include "gateway/auth/dmarc/report/failure_mail.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/auth/trace/authentication_results.hpp"
#include "gateway/mail/date_time.hpp"

namespace postern::auth::dmarc {
namespace {

constexpr std::size_t kLongestLine = 998;       // RFC 5322 2.1.1
constexpr std::size_t kLongestEncoded = 73;     // and three for what is added (RFC 2045 6.7)
constexpr std::size_t kLongestValue = 255;      // bytes of what a stranger said in one field
constexpr std::size_t kLongestSpfRecord = 600;  // bytes; RFC 7208 3.4 hopes for 450

/// Printable ASCII on one line.
std::string plain(std::string_view text, std::size_t most = kLongestValue) {
    std::string kept;
    for (const char c : text.substr(0, most)) kept += c >= ' ' && c < '\x7f' ? c : '?';
    return kept;
}

/// A name or address: no byte that means something in the fields of RFC 6591.
std::string word_of(std::string_view text) {
    constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~.@[]:";
    std::string kept;
    for (const char c : text.substr(0, kLongestValue)) {
        kept += ascii_alnum(c) || kOthers.find(c) != std::string_view::npos ? c : '?';
    }
    return kept;
}

void add(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

std::string identity_alignment(const Failures& failures) {
    if (failures.dkim && failures.spf) return "dkim, spf";
    if (failures.dkim) return "dkim";
    return failures.spf ? "spf" : "none";
}

/// "dmarc" is for identifiers that are not aligned (RFC 9991 4); d and s of fo= ask for more.
std::string auth_failure(const Failures& failures) {
    if (failures.dkim || failures.spf) return "dmarc";
    return failures.signature ? "signature" : "spf";
}

std::string_view word_of(DeliveryResult result) {
    switch (result) {
        case DeliveryResult::Policy:
            return "policy";
        case DeliveryResult::Reject:
            return "reject";
        case DeliveryResult::Delivered:
            break;
    }
    return "delivered";
}

std::string results_field(const FailedMessage& message, const FailureMail& mail,
                          const Redactor& redactor) {
    Results results = message.results;
    for (Dkim& each : results.dkim) each.identity = redactor.text(each.identity);
    return trace::authentication_results(
        results,
        {mail.authserv_id, message.client_ip, message.helo, redactor.text(message.reverse_path)});
}

void add_spf(std::string& text, const FailedMessage& message, const FailureMail& mail) {
    const bool told = message.failures.spf || message.failures.sender;
    if (!told || !message.results.spf || mail.spf_record.empty()) return;
    std::string record = plain(mail.spf_record, kLongestSpfRecord);
    for (char& c : record) c = c == '"' || c == '\\' ? '?' : c;
    add(text, "SPF-DNS", "txt : " + word_of(message.results.spf->domain) + " : \"" + record + '"');
}

std::string words_for_people(const FailedMessage& message, const FailureMail& mail) {
    const std::string domain = message.results.dmarc ? message.results.dmarc->domain : "";
    std::string text = "This is a DMARC failure report of " + plain(mail.organization) + ".\r\n" +
                       "A message whose author is said to be at " + word_of(domain) +
                       "\r\ncame from " + word_of(message.client_ip) + " on " +
                       mail::date_time(message.arrival) +
                       ".\r\nNot authenticated: " + identity_alignment(message.failures) +
                       ".\r\n\r\nThe message itself is not enclosed, but its header fields. Local "
                       "parts of addresses\r\nthat are not of your organization, and of all "
                       "recipients, are replaced by a keyed hash.\r\n";
    if (message.header.cut) {
        text += "Not all of its fields are here: the header is longer than what is reported.\r\n";
    }
    return text + "\r\n";
}

bool is_seven_bit(std::string_view text) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool ends = text.substr(i, 2) == "\r\n";
        if (ends) {
            column = 0;
            ++i;
        } else if ((byte < ' ' && byte != '\t') || byte > '~' || ++column > kLongestLine) {
            return false;
        }
    }
    return true;
}

/// CRLF at the end of every line, also of the last.
std::string with_line_ends(std::string_view block) {
    std::string text;
    for (std::size_t at = 0; at < block.size();) {
        const std::size_t end = std::min(block.find('\n', at), block.size());
        std::string_view line = block.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        text.append(line).append("\r\n");
        at = end + 1;
    }
    return text;
}

/// RFC 2045 6.7; CRLF ends a line, every other control is encoded.
std::string quoted_printable(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\r\n") {
            out += "\r\n";
            column = 0;
            ++i;
            continue;
        }
        if (column >= kLongestEncoded) {
            out += "=\r\n";
            column = 0;
        }
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool blank = byte == ' ' || byte == '\t';
        const bool last = text.substr(i + 1, 2) == "\r\n" || i + 1 == text.size();
        if ((blank && !last) || (byte > ' ' && byte <= '~' && byte != '=')) {
            out += text[i];
            ++column;
        } else {
            out.append({'=', kDigits[byte >> 4U], kDigits[byte & 15U]});
            column += 3;
        }
    }
    return out;
}

}  // namespace

std::string feedback_report(const FailedMessage& message, const FailureMail& mail,
                            const Redactor& redactor) {
    std::string text;
    add(text, "Feedback-Type", "auth-failure");
    add(text, "User-Agent", "Postern");
    add(text, "Version", "1");
    add(text, "Original-Mail-From", '<' + word_of(redactor.text(message.reverse_path)) + '>');
    add(text, "Arrival-Date", mail::date_time(message.arrival));
    add(text, "Source-IP", word_of(message.client_ip));
    if (message.results.dmarc) add(text, "Reported-Domain", word_of(message.results.dmarc->domain));
    text += results_field(message, mail, redactor);
    add(text, "Auth-Failure", auth_failure(message.failures));
    add(text, "Identity-Alignment", identity_alignment(message.failures));
    if (const Dkim* wrong = wrong_signature(message.results)) {
        add(text, "DKIM-Domain", word_of(wrong->domain));
        add(text, "DKIM-Identity", word_of(redactor.text(wrong->identity)));
        add(text, "DKIM-Selector", word_of(wrong->selector));
    }
    add_spf(text, message, mail);
    add(text, "Delivery-Result", word_of(message.delivery));
    return text;
}

std::string header_part(std::string_view block) {
    const std::string text = with_line_ends(block);
    if (is_seven_bit(text)) {
        return "Content-Type: text/rfc822-headers\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\n" +
               text;
    }
    // Bytes of another charset are told as they are; naming one would be a guess.
    const bool ascii = std::all_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return std::string("Content-Type: text/rfc822-headers") +
           (!ascii && is_utf8(text) ? "; charset=utf-8" : "") +
           "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text);
}

std::string failure_message(const FailedMessage& message, const FailureMail& mail,
                            const Redactor& redactor) {
    const std::string domain = message.results.dmarc ? message.results.dmarc->domain : "";
    const std::string boundary = "report-" + mail.id;
    const std::string next = "--" + boundary + "\r\n";
    return "From: <" + mail.from + ">\r\nTo: <" + mail.to + ">\r\nDate: " + mail.date +
           "\r\nSubject: DMARC failure report for " + word_of(domain) + "\r\nMessage-ID: <" +
           mail.id + "@" + mail.receiver +
           ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/report; report-type=feedback-report;\r\n boundary=\"" +
           boundary + "\"\r\n\r\n" + next +
           "Content-Type: text/plain; charset=us-ascii\r\n"
           "Content-Transfer-Encoding: 7bit\r\n\r\n" +
           words_for_people(message, mail) + next +
           "Content-Type: message/feedback-report\r\n"
           "Content-Transfer-Encoding: 7bit\r\n\r\n" +
           feedback_report(message, mail, redactor) + "\r\n" + next +
           header_part(redactor.header(message.header.block)) + "\r\n--" + boundary + "--\r\n";
}

}  // namespace postern::auth::dmarc
