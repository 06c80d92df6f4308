#pragma once

/// @file A DMARC aggregate report that came by mail (RFC 9990, RFC 7489 7.2), as typed values. What
/// it says is the claim of whoever sent it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

/// What the receiver did, or what a record asks for. Pass: RFC 9990's word for mail that needed
/// none of it. Unknown: absent, or a word that no RFC has.
enum class DmarcAction : std::uint8_t { Unknown, None, Pass, Quarantine, Reject };

/// What the receiver found for SPF or one signature (RFC 8601 2.7).
enum class DmarcAuthResult : std::uint8_t {
    Unknown,
    None,
    Neutral,
    Pass,
    Fail,
    SoftFail,
    Policy,
    TempError,
    PermError
};

/// Why the receiver did something else than the record asks for.
enum class DmarcOverride : std::uint8_t {
    None,
    Unknown,
    Forwarded,
    SampledOut,
    TrustedForwarder,
    MailingList,
    LocalPolicy,
    PolicyTestMode,
    Other
};

struct DmarcReportSignature {
    std::string domain;
    std::string selector;
    DmarcAuthResult result = DmarcAuthResult::Unknown;

    friend bool operator==(const DmarcReportSignature&, const DmarcReportSignature&) = default;
};

/// One record: messages from one address that are alike.
struct DmarcReportRow {
    std::string source_ip;    ///< IPv4 or IPv6 address in its usual form
    std::uint64_t count = 0;  ///< messages, 1 to kMaxDmarcCount
    DmarcAction disposition = DmarcAction::Unknown;
    DmarcOverride reason = DmarcOverride::None;  ///< the first that is named
    bool dkim_aligned = false;
    bool spf_aligned = false;
    std::string header_from;                 ///< domain, lower case
    std::string envelope_from;               ///< domain, lower case; empty: not told, or "<>"
    std::vector<DmarcReportSignature> dkim;  ///< at most kMaxDmarcSignatures
    std::string spf_domain;
    DmarcAuthResult spf = DmarcAuthResult::Unknown;

    friend bool operator==(const DmarcReportRow&, const DmarcReportRow&) = default;
};

/// Every text is cleaned and at most kMaxDmarcText bytes.
struct DmarcReport {
    std::uint32_t object = 0;                   ///< Report::objects index: where it stood
    std::string reporter;                       ///< org_name; not empty
    std::string contact;                        ///< email
    std::string id;                             ///< report_id; not empty
    std::string domain;                         ///< whose policy it is about, lower case; not empty
    DmarcAction policy = DmarcAction::Unknown;  ///< p= as the receiver saw it
    std::uint64_t begin = 0;                    ///< seconds since 1970, at most kMaxDmarcTime
    std::uint64_t end = 0;                      ///< not before `begin`
    std::uint64_t left_out =
        0;  ///< records that are not in `rows`: malformed, or too many; at most kMaxDmarcCount
    std::vector<DmarcReportRow> rows;

    friend bool operator==(const DmarcReport&, const DmarcReport&) = default;
};
inline constexpr std::size_t kMaxDmarcReports = 8;  ///< of one message
inline constexpr std::size_t kMaxDmarcRows = 5000;  ///< of one report
inline constexpr std::size_t kMaxDmarcSignatures = 8;
inline constexpr std::size_t kMaxDmarcText = 255;                               ///< bytes
inline constexpr std::uint64_t kMaxDmarcCount = std::uint64_t{1} << 32;         ///< of one row
inline constexpr std::uint64_t kMaxDmarcTime = std::uint64_t{253'402'300'799};  ///< year 9999

/// As reports write it: "quarantine", "softfail", "trusted_forwarder"; "unknown".
[[nodiscard]] std::string_view word(DmarcAction action);
[[nodiscard]] std::string_view word(DmarcAuthResult result);
[[nodiscard]] std::string_view word(DmarcOverride reason);

/// The value that `text` names, in any case; Unknown for anything else.
[[nodiscard]] DmarcAction dmarc_action(std::string_view text);
[[nodiscard]] DmarcAuthResult dmarc_auth_result(std::string_view text);
[[nodiscard]] DmarcOverride dmarc_override(std::string_view text);

}  // namespace postern::analyzers
