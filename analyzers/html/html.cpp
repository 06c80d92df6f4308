#include "analyzers/html/html.hpp"

#include <algorithm>
#include <array>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/base/charset.hpp"
#include "analyzers/html/document.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHead = 1024;  // a <meta charset> has to stand within this

bool is_attachment(std::string_view name) {
    constexpr std::array kExtensions = {".htm"sv,   ".html"sv, ".shtml"sv,
                                        ".xhtml"sv, ".svg"sv,  ".hta"sv};
    const std::string lower = ascii_lower(name);
    return std::any_of(kExtensions.begin(), kExtensions.end(),
                       [&](std::string_view extension) { return lower.ends_with(extension); });
}

/// The charset that the document names itself; for when its part names none.
std::string own_charset(std::string_view html) {
    const std::string head = ascii_lower(html.substr(0, kHead));
    std::size_t at = head.find("charset");
    if (at == std::string::npos) return {};
    at = head.find_first_not_of(" =\"'", at + 7);
    if (at == std::string::npos) return {};
    return head.substr(at, head.find_first_of(" \"'>;/", at) - at);
}

}  // namespace

bool html_accepts(std::string_view type) {
    return type == "html" || type == "svg" || type == "hta";
}

Analysis html_analyze(const Artifact& artifact, Budget& budget) {
    Analysis analysis;
    const std::string_view raw = as_text(artifact.bytes);
    std::string charset(artifact.charset);
    if (raw.starts_with("\xFF\xFE") || raw.starts_with("\xFE\xFF")) charset = "utf-16";
    if (charset.empty()) charset = own_charset(raw);
    const std::string html = to_utf8(raw, charset);
    HtmlDocument document(analysis, budget);
    document.read(html, 0);
    document.finish();
    if (document.has_script() && is_attachment(artifact.name)) {
        analysis.findings.push_back(finding("HTML_ATTACHMENT_SCRIPT", artifact.name));
    }
    return analysis;
}

}  // namespace postern::analyzers
