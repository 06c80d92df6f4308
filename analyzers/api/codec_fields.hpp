#pragma once

/// @file The one place that says which fields cross the wall, in which order and within which
/// limits. `Wire` is the writer or the reader.

#include <concepts>

#include "analyzers/api/codec.hpp"

namespace postern::analyzers::codec {

inline constexpr std::uint32_t kMagic = 0x52545350;  // "PSTR"
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::size_t kMaxWord = 256;  ///< codes, flags, types: bytes

enum class Section : std::uint8_t { Message = 1, Objects, Urls, Limits, Errors, Findings };

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

}  // namespace postern::analyzers::codec
