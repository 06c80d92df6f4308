#include "analyzers/text/text.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/charset.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/base/encoded_blocks.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::array kTypes = {
    "text"sv,       "csv"sv,        "ics"sv,      "vcard"sv,  "xml"sv,        "dmarc-report"sv,
    "json"sv,       "javascript"sv, "vbscript"sv, "bat"sv,    "shell"sv,      "python"sv,
    "powershell"sv, "url"sv,        "css"sv,      "wordml"sv, "library-ms"sv, "search-ms"sv,
    "inf"sv,        "reg"sv,        "rdp"sv,      "iqy"sv,    "slk"sv,        "wsf"sv,
    "sct"sv,        "scf"sv,        "xdp"sv,      "jnlp"sv};

std::string_view kind_name(BlockKind kind) {
    switch (kind) {
        case BlockKind::Uuencode:
            return "uuencode";
        case BlockKind::Yenc:
            return "yenc";
        case BlockKind::Binhex:
            return "binhex";
        case BlockKind::Base64:
            break;
    }
    return "base64-run";
}

}  // namespace

bool text_accepts(std::string_view type) {
    return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

Analysis text_analyze(const Artifact& artifact, Budget& budget) {
    Analysis analysis;
    const std::string_view raw = as_text(artifact.bytes);
    const bool utf16 = raw.starts_with("\xFF\xFE") || raw.starts_with("\xFE\xFF");
    analysis.text = to_utf8(raw, utf16 ? "utf-16" : artifact.charset);
    analysis.urls = find_text_urls(analysis.text, "text", kMaxTextUrls);
    if (analysis.urls.size() > kMaxTextUrls) {
        analysis.urls.resize(kMaxTextUrls);
        analysis.limits.push_back({.limit = Limit::Names,
                                   .object = {},
                                   .configured = kMaxTextUrls,
                                   .observed = kMaxTextUrls + 1});
    }
    EncodedBlocks found = find_encoded_blocks(utf16 ? analysis.text : raw, budget.room());
    for (EncodedBlock& block : found.blocks) {
        if (auto hit = budget.charge_bytes(block.bytes.size())) {
            analysis.limits.push_back(*hit);
            return analysis;
        }
        analysis.children.push_back({.bytes = std::move(block.bytes),
                                     .relation = Relation::Decoded,
                                     .name = clean_text(block.name, kMaxDetail),
                                     .declared_mime = {},
                                     .charset = {},
                                     .flags = {std::string(kind_name(block.kind))}});
    }
    if (found.cut) {
        analysis.limits.push_back({.limit = Limit::Objects,
                                   .object = {},
                                   .configured = kMaxBlocks,
                                   .observed = kMaxBlocks + 1});
    }
    return analysis;
}

}  // namespace postern::analyzers
