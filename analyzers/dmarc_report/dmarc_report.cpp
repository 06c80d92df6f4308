#include "analyzers/dmarc_report/dmarc_report.hpp"

#include <algorithm>
#include <string>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/base/charset.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/dmarc_report/feedback.hpp"
#include "analyzers/dmarc_report/xml_reader.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kDeclaration = 200;  // bytes of <?xml ... ?>

/// `encoding` of the XML declaration; empty: none.
std::string declared_encoding(std::string_view xml) {
    const std::string head = ascii_lower(xml.substr(0, kDeclaration));
    const std::size_t end = head.find("?>");
    const std::size_t at = head.find("encoding");
    if (!head.starts_with("<?xml") || at > end) return {};
    const std::size_t start = head.find_first_of("\"'", at);
    if (start == std::string::npos) return {};
    const std::size_t behind = head.find(head[start], start + 1);
    return behind == std::string::npos ? std::string() : head.substr(start + 1, behind - start - 1);
}

/// By the bytes first, then by what the document says, then by what its part says (RFC 7303 3).
std::string charset_of(std::string_view xml, std::string_view of_part) {
    if (xml.starts_with("\xFF\xFE") || xml.starts_with("\xFE\xFF")) return "utf-16";
    if (xml.starts_with("<\0"sv)) return "utf-16le";
    if (xml.starts_with("\0<"sv)) return "utf-16be";
    std::string declared = declared_encoding(xml);
    // Eight-bit text that says it is UTF-16 is not.
    if (!declared.empty() && !declared.starts_with("utf-16")) return declared;
    return std::string(of_part.starts_with("utf-16") ? "" : of_part);
}

std::string_view words_for(XmlEnd end) {
    switch (end) {
        case XmlEnd::Broken:
            return "the XML is broken";
        case XmlEnd::DocumentType:
            return "it has a document type, and could have entities";
        case XmlEnd::Deep:
            return "the XML is nested too deeply";
        case XmlEnd::LongToken:
            return "a tag, comment or text is too long";
        case XmlEnd::Stopped:
            return "its root element is another";
        case XmlEnd::Whole:
        case XmlEnd::Late:
            break;
    }
    return {};
}

}  // namespace

bool dmarc_report_accepts(std::string_view type) {
    return type == "dmarc-report";
}

Analysis dmarc_report_analyze(const Artifact& artifact, Budget& budget) {
    Analysis analysis;
    const auto unreadable = [&](std::string_view why) {
        analysis.findings.push_back(finding("DMARC_REPORT_UNREADABLE", why));
    };
    if (artifact.depth > kMaxDmarcDepth) return analysis;
    if (artifact.bytes.size() > kMaxDmarcXml) {
        unreadable("it is too large");
        return analysis;
    }
    const std::string_view raw = as_text(artifact.bytes);
    const std::string charset = charset_of(raw, artifact.charset);
    const bool as_it_is = (charset.empty() || charset == "utf-8") && is_utf8(raw);
    const std::string converted = as_it_is ? std::string() : to_utf8(raw, charset);
    const std::string_view xml = as_it_is ? raw : std::string_view(converted);
    // Blanks before the declaration are wrong, and common.
    const std::size_t start = std::min(xml.find_first_not_of(" \t\r\n"), xml.size());
    Feedback feedback;
    const XmlEnd end = read_xml(xml.substr(start), feedback, budget);
    if (end == XmlEnd::Late) {
        if (const auto late = budget.check_time()) analysis.limits.push_back(*late);
    } else if (end != XmlEnd::Whole) {
        unreadable(words_for(end));
    } else if (const std::string_view fault = feedback.fault(); !fault.empty()) {
        unreadable(fault);
    } else {
        analysis.dmarc_report = feedback.take();
    }
    return analysis;
}

}  // namespace postern::analyzers
