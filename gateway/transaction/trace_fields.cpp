#include "gateway/transaction/trace_fields.hpp"

#include <array>
#include <cmath>
#include <cstdio>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/date_time.hpp"

namespace postern::transaction {
namespace {

constexpr std::size_t kLongestHelo = 255;
constexpr std::size_t kMostCodes = 20;

/// What a client said, fit for a comment-free place in a header field: no byte that ends or folds a
/// line, opens a comment or a quotation.
std::string filtered(std::string_view text) {
    std::string kept;
    for (const char c : text.substr(0, kLongestHelo)) {
        const bool plain =
            ascii_alnum(c) || std::string_view("-._:[]").find(c) != std::string::npos;
        kept += plain ? c : '?';
    }
    return kept.empty() ? "unknown" : kept;
}

/// RFC 3848: E for ESMTP, S behind it for TLS; RFC 6531 4.3: UTF8SMTP when SMTPUTF8 was used.
std::string protocol(const TraceFacts& facts) {
    if (!facts.esmtp) return "SMTP";
    const std::string base = facts.smtputf8 ? "UTF8SMTP" : "ESMTP";
    return facts.tls ? base + "S" : base;
}

/// A comment: nothing in it may close it or open another.
std::string comment_text(std::string_view text) {
    std::string kept;
    for (const char c : text.substr(0, kLongestHelo)) {
        const bool plain =
            c >= ' ' && c <= '~' && std::string_view("()\\\"").find(c) == std::string_view::npos;
        kept += plain ? c : '?';
    }
    return kept;
}

std::string tls_comment(const net::TlsFacts& tls) {
    std::string words =
        "\r\n\t(using " + comment_text(tls.protocol) + " with cipher " + comment_text(tls.cipher);
    if (tls.bits > 0) words += " (" + std::to_string(tls.bits) + " bits)";
    if (tls.certificate) {
        words += tls.certificate->verified ? "\r\n\t client certificate verified: "
                                           : "\r\n\t client certificate not verified: ";
        words += comment_text(tls.certificate->subject);
    }
    return words + ")";
}

std::string score_text(double score) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.1f", score);
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string received_field(const TraceFacts& facts) {
    const bool v6 = facts.client_ip.find(':') != std::string::npos;
    const std::string name = facts.client_name.empty() ? "" : filtered(facts.client_name) + " ";
    std::string field = "Received: from " + filtered(facts.helo) + " (" + name + "[" +
                        (v6 ? "IPv6:" : "") + facts.client_ip + "])\r\n\tby " + facts.hostname +
                        " with " + protocol(facts) + " id " + facts.id;
    if (facts.tls) field += tls_comment(*facts.tls);
    if (!facts.forward_path.empty()) field += "\r\n\tfor <" + facts.forward_path + ">";
    return field + ";\r\n\t" + mail::date_time(facts.time) + "\r\n";
}

std::string verdict_field(const verdict::Judgement& judgement, verdict::Action action,
                          const std::string& id) {
    std::string field = "X-Postern-Verdict: " + std::string(verdict::word(action)) +
                        "; class=" + std::string(verdict::word(judgement.mail_class)) +
                        "; score=" + score_text(judgement.score) + "; id=" + id + ";\r\n\tcodes=";
    std::size_t count = 0;
    for (const std::string& code : judgement.reasons) {
        if (++count > kMostCodes) break;
        if (count > 1) field += count % 4 == 1 ? ",\r\n\t" : ",";
        field += code;
    }
    return field + (judgement.reasons.empty() ? "none" : "") + "\r\n";
}

}  // namespace postern::transaction
