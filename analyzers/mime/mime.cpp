#include "analyzers/mime/mime.hpp"

#include <algorithm>

#include "analyzers/mime/reader.hpp"

namespace postern::analyzers {
namespace {

constexpr std::size_t kMaxMessages = 1000;  // of one mbox

/// Where the next message of an mbox begins: a line "From " behind a blank line.
std::size_t next_message(std::string_view text) {
    std::size_t at = text.find("\nFrom ", 1);
    while (at != std::string_view::npos) {
        const bool blank_before = text[at - 1] == '\n' || text.substr(0, at).ends_with("\n\r");
        if (blank_before) return at + 1;
        at = text.find("\nFrom ", at + 1);
    }
    return std::string_view::npos;
}

Analysis read_mbox(std::string_view text, Budget& budget) {
    Analysis analysis;
    while (!text.empty()) {
        const std::size_t end = std::min(next_message(text), text.size());
        auto hit = budget.charge_bytes(end);
        if (!hit && analysis.children.size() >= kMaxMessages) {
            hit = LimitHit{.limit = Limit::Objects,
                           .object = {},
                           .configured = kMaxMessages,
                           .observed = kMaxMessages + 1};
        }
        if (hit) {
            analysis.limits.push_back(*hit);
            break;
        }
        const std::size_t header = text.starts_with("From ") ? text.find('\n') + 1 : 0;
        analysis.children.push_back({.bytes = std::string(text.substr(header, end - header)),
                                     .relation = Relation::Part,
                                     .name = {},
                                     .declared_mime = "message/rfc822",
                                     .charset = {},
                                     .flags = {}});
        text.remove_prefix(end);
    }
    return analysis;
}

}  // namespace

bool mime_accepts(std::string_view type) {
    return type == "mail" || type == "mbox";
}

Analysis mime_analyze(const Artifact& artifact, Budget& budget) {
    const std::string_view text = as_text(artifact.bytes);
    if (artifact.type == "mbox" && next_message(text) != std::string_view::npos) {
        return read_mbox(text, budget);
    }
    Analysis analysis;
    MimeReader(text, artifact.name, budget, analysis).read();
    if (artifact.depth != 0) analysis.message.reset();
    return analysis;
}

}  // namespace postern::analyzers
