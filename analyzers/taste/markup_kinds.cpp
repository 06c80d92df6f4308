/// @file HTML, and the many things that are written in XML.

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "analyzers/taste/kinds.hpp"
#include "analyzers/taste/text_kinds.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

struct Root {
    std::string_view element;
    std::string_view type;
};

// Root elements, in lower case, without namespace prefix.
constexpr std::array kRoots = {
    Root{"svg", "svg"},
    Root{"html", "html"},
    Root{"job", "wsf"},
    Root{"package", "wsf"},
    Root{"scriptlet", "sct"},
    Root{"component", "sct"},
    Root{"worddocument", "wordml"},
    Root{"librarydescription", "library-ms"},
    Root{"searchconnectordescription", "search-ms"},
    Root{"pcsettings", "settingcontent"},
    Root{"appinstaller", "appinstaller"},
    Root{"jnlp", "jnlp"},
    Root{"xdp", "xdp"},
};
// HTML has no root that must be there: any of these at the start will do.
constexpr std::array kHtmlStarts = {
    "html"sv,  "head"sv,   "body"sv, "script"sv, "meta"sv, "title"sv,  "table"sv,  "div"sv,
    "a"sv,     "p"sv,      "br"sv,   "font"sv,   "form"sv, "iframe"sv, "img"sv,    "center"sv,
    "style"sv, "span"sv,   "h1"sv,   "b"sv,      "link"sv, "input"sv,  "object"sv, "embed"sv,
    "base"sv,  "strong"sv, "h2"sv,   "h3"sv,     "ul"sv,   "pre"sv,
};

std::string_view skip_blanks(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t\r\n\f");
    return start == std::string_view::npos ? std::string_view{} : text.substr(start);
}

/// Drops comments, processing instructions and the document type, with what it declares, before
/// the first element.
std::string_view skip_prolog(std::string_view text) {
    for (text = skip_blanks(text);; text = skip_blanks(text)) {
        std::size_t end = std::string_view::npos;
        if (text.starts_with("<!--")) {
            end = text.find("-->", 4);
            if (end != std::string_view::npos) end += 2;
        } else if (text.starts_with("<?") || text.starts_with("<!") ||
                   text.starts_with("]>")) {  // of a document type with declarations inside
            end = text.find('>');
        } else {
            return text;
        }
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
}

/// "svg" of "<x:svg attr>"; empty if no element begins here.
std::string_view element_name(std::string_view text) {
    if (!text.starts_with('<')) return {};
    const std::size_t end = std::min(text.find_first_of(" \t\r\n/>", 1), text.size());
    std::string_view name = text.substr(1, end - 1);
    if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
        name.remove_prefix(colon + 1);
    }
    return name;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return text.find(word) != std::string_view::npos;
    });
}

/// <feedback> of a DMARC aggregate report, not of a customer.
bool is_dmarc_report(std::string_view element, std::string_view text) {
    return element == "feedback" && has_any(text, {"report_metadata", "policy_published"}) &&
           !has_any(text, {"<script", "<html"});
}

std::string_view html_or_hta(std::string_view text, std::string_view name) {
    return extension_of(name) == "hta" || has_any(text, {"<hta:application"}) ? "hta"sv : "html"sv;
}

}  // namespace

std::string_view markup_kind(std::string_view head, std::string_view name) {
    const std::string text = ascii_lower(head);
    const std::string_view start = skip_blanks(text);
    if (start.starts_with("<!doctype html")) return html_or_hta(text, name);
    const std::string_view element = element_name(skip_prolog(text));
    if (has_any(start.substr(0, 512), {"progid=\"word.document\""})) return "wordml";
    if (is_dmarc_report(element, text)) return "dmarc-report";
    for (const Root& root : kRoots) {
        if (ascii_iequal(element, root.element) && element.size() == root.element.size()) {
            return root.type == "html" ? html_or_hta(text, name) : root.type;
        }
    }
    if (std::find(kHtmlStarts.begin(), kHtmlStarts.end(), element) != kHtmlStarts.end()) {
        return html_or_hta(text, name);
    }
    if (start.starts_with("<?xml")) {
        return has_any(text, {"<script", "<html"}) ? html_or_hta(text, name) : "xml"sv;
    }
    return kData;
}

}  // namespace postern::analyzers
