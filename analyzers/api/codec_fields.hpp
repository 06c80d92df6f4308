#pragma once

/// @file The one place that says which fields cross the wall, in which order and within which
/// limits. `Wire` is the writer or the reader.

#include <concepts>

#include "analyzers/api/codec.hpp"

namespace postern::analyzers::codec {

inline constexpr std::uint32_t kMagic = 0x52545350;  // "PSTR"
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::size_t kMaxWord = 256;  ///< codes, flags, types: bytes

// The fewest bytes an entry takes, so that a count cannot make the reader allocate what never
// follows.
inline constexpr std::size_t kLeastObject = 1 + 1 + 4 + 4 + 8 + 4 + 4 + 4 + 64 + 4;
inline constexpr std::size_t kLeastUrl = 4 + 4 + 4 + 4 + 4 + 4;
inline constexpr std::size_t kLeastLimit = 1 + 1 + 8 + 8;
inline constexpr std::size_t kLeastError = 1 + 4 + 1 + 4;
inline constexpr std::size_t kLeastFinding = 4 + 3 + 8 + 1 + 4 + 4 + 4 + 8;
inline constexpr std::size_t kLeastDmarcSignature = 4 + 4 + 1;
inline constexpr std::size_t kLeastDmarcRow = 4 + 8 + 4 + 4 + 4 + 4 + 4 + 1;
inline constexpr std::size_t kLeastDmarcReport = 4 + 4 + 4 + 4 + 4 + 1 + 8 + 8 + 8 + 4;

enum class Section : std::uint8_t {
    Message = 1,
    Objects,
    Urls,
    Limits,
    Errors,
    Findings,
    DmarcReports
};

template <class Wire>
void fields(Wire& wire, MessageFacts& facts) {
    wire.text(facts.subject, kMaxText);
    wire.texts(facts.from, kMaxFromAddresses, kMaxWord);
    wire.texts(facts.from_names, kMaxFromAddresses, kMaxWord);
    wire.texts(facts.reply_to, kMaxFromAddresses, kMaxWord);
    wire.text(facts.message_id, kMaxText);
    wire.text(facts.headers, kMaxHeaders);
    wire.text(facts.preview, kMaxPreview);
}

template <class Wire>
void fields(Wire& wire, Object& object) {
    wire.reference(object.parent);
    wire.enumerator(object.relation, Relation::Decoded);
    wire.text(object.path, kMaxText);
    wire.text(object.name, kMaxText);
    wire.integer(object.size);
    wire.text(object.type, kMaxWord);
    wire.text(object.mime, kMaxWord);
    wire.text(object.declared_mime, kMaxWord);
    wire.digest(object.sha256);
    wire.texts(object.flags, kMaxListEntries, kMaxWord);
}

template <class Wire>
void fields(Wire& wire, Url& url) {
    wire.text(url.url, kMaxText);
    wire.text(url.normalized, kMaxText);
    wire.text(url.host, kMaxText);
    wire.integer(url.object);
    wire.text(url.where, kMaxWord);
    wire.texts(url.flags, kMaxListEntries, kMaxWord);
}

template <class Wire>
void fields(Wire& wire, LimitHit& hit) {
    wire.enumerator(hit.limit, Limit::Names);
    wire.reference(hit.object);
    wire.integer(hit.configured);
    wire.integer(hit.observed);
}

template <class Wire>
void fields(Wire& wire, AnalysisError& error) {
    wire.reference(error.object);
    wire.text(error.analyzer, kMaxWord);
    wire.enumerator(error.code, ErrorCode::Resource);
    wire.text(error.detail, kMaxText);
}

template <class Wire>
void fields(Wire& wire, Finding& finding) {
    wire.text(finding.code, kMaxWord);
    wire.enumerator(finding.source, Source::List);
    wire.enumerator(finding.severity, Severity::Critical);
    wire.enumerator(finding.category, Category::Malware);
    wire.real(finding.score, -kMaxScore, kMaxScore);
    wire.reference(finding.object);
    wire.text(finding.detail, kMaxDetail);
    wire.text(finding.explanation, kMaxText);
    wire.texts(finding.attack, kMaxListEntries, kMaxWord);
    wire.real(finding.ms, 0, 1e9);
}

template <class Wire>
void fields(Wire& wire, DmarcReportSignature& signature) {
    wire.text(signature.domain, kMaxDmarcText);
    wire.text(signature.selector, kMaxDmarcText);
    wire.enumerator(signature.result, DmarcAuthResult::PermError);
}

template <class Wire>
void fields(Wire& wire, DmarcReportRow& row) {
    wire.text(row.source_ip, kMaxDmarcText);
    wire.bounded(row.count, 1, kMaxDmarcCount);
    wire.enumerator(row.disposition, DmarcAction::Reject);
    wire.enumerator(row.reason, DmarcOverride::Other);
    wire.flag(row.dkim_aligned);
    wire.flag(row.spf_aligned);
    wire.text(row.header_from, kMaxDmarcText);
    wire.text(row.envelope_from, kMaxDmarcText);
    wire.list(row.dkim, kMaxDmarcSignatures, kLeastDmarcSignature);
    wire.text(row.spf_domain, kMaxDmarcText);
    wire.enumerator(row.spf, DmarcAuthResult::PermError);
}

template <class Wire>
void fields(Wire& wire, DmarcReport& report) {
    wire.integer(report.object);
    wire.text(report.reporter, kMaxDmarcText);
    wire.text(report.contact, kMaxDmarcText);
    wire.text(report.id, kMaxDmarcText);
    wire.text(report.domain, kMaxDmarcText);
    wire.enumerator(report.policy, DmarcAction::Reject);
    wire.bounded(report.begin, 0, kMaxDmarcTime);
    wire.bounded(report.end, 0, kMaxDmarcTime);
    wire.bounded(report.left_out, 0, kMaxDmarcCount);
    wire.list(report.rows, kMaxDmarcRows, kLeastDmarcRow);
}

}  // namespace postern::analyzers::codec
