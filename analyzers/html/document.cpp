#include "analyzers/html/document.hpp"

#include <algorithm>
#include <array>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"
#include "analyzers/html/html.hpp"
#include "analyzers/url/url.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr unsigned kMaxInside = 3;           // comments in comments
constexpr std::size_t kMaxAnchorText = 300;  // of a link's text, for the comparison with its target
constexpr std::size_t kMaxLink = std::size_t{64} << 20;  // of a data: URL

constexpr std::array kLinks = {"href"sv,       "src"sv,      "action"sv,     "formaction"sv,
                               "background"sv, "data"sv,     "cite"sv,       "poster"sv,
                               "ping"sv,       "longdesc"sv, "lowsrc"sv,     "dynsrc"sv,
                               "codebase"sv,   "archive"sv,  "xlink:href"sv, "manifest"sv,
                               "usemap"sv,     "classid"sv,  "profile"sv};
constexpr std::array kBlocks = {"p"sv,  "div"sv, "br"sv, "tr"sv, "li"sv, "h1"sv,    "h2"sv,
                                "h3"sv, "h4"sv,  "ul"sv, "ol"sv, "hr"sv, "table"sv, "blockquote"sv};

template <class Table>
bool holds(const Table& table, std::string_view word) {
    return std::find(table.begin(), table.end(), word) != table.end();
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.size() >= word.size() && ascii_iequal(text.substr(0, word.size()), word);
}

unsigned hex(char c) {
    if (ascii_digit(c)) return static_cast<unsigned>(c - '0');
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a' + 10) : 99U;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) < 16 &&
            hex(text[i + 2]) < 16) {
            out += static_cast<char>(
                static_cast<unsigned char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// The host that a link's text claims to lead to; empty if the text names none.
std::string claimed_host(std::string_view text) {
    text = trim(text);
    const std::size_t end = text.find_first_of(" \t\n\r");
    if (end != std::string_view::npos) return {};  // a sentence that mentions a name claims nothing
    std::string url(text);
    if (text.find("://") == std::string_view::npos) {
        if (text.find('@') != std::string_view::npos) return {};
        const std::string_view host = text.substr(0, text.find('/'));
        const std::size_t dot = host.rfind('.');
        if (dot == std::string_view::npos || dot == 0 || host.size() - dot < 3) return {};
        const std::string_view top = host.substr(dot + 1);
        if (!std::all_of(top.begin(), top.end(), ascii_alpha)) return {};
        const bool file = !text.starts_with("www.") && host.size() == text.size() &&
                          std::count(host.begin(), host.end(), '.') == 1 && top.size() > 3;
        if (file) return {};  // "report.docx"
        url.insert(0, "http://");
    }
    const auto parsed = parse_url(url);
    return parsed && parsed->host.find('.') != std::string::npos ? parsed->host : std::string{};
}

}  // namespace

void HtmlDocument::read(std::string_view html, unsigned inside) {
    HtmlTokenizer tokenizer(html);
    Token token;
    std::size_t tokens = 0;
    while (!stopped_ && tokenizer.next(token)) {
        if (++tokens % 1024 == 0) {
            if (const auto late = budget_.check_time()) {
                into_.limits.push_back(*late);
                stopped_ = true;
            }
        }
        switch (token.kind) {
            case Token::Kind::Text:
                text_token(token, inside > 0);
                break;
            case Token::Kind::Start:
                start_tag(token, inside > 0);
                break;
            case Token::Kind::End:
                if (token.name == "a") close_anchor();
                if (inside == 0 && holds(kBlocks, token.name)) new_line();
                break;
            case Token::Kind::Comment:
                if (inside < kMaxInside && token.text.find('<') != std::string_view::npos) {
                    read(token.text, inside + 1);
                }
                break;
        }
    }
}

void HtmlDocument::finish() {
    close_anchor();
    while (!into_.text.empty() && static_cast<unsigned char>(into_.text.back()) <= ' ') {
        into_.text.pop_back();
    }
}

void HtmlDocument::text_token(const Token& token, bool hidden) {
    if (token.raw && token.name == "script") return script(token.text);
    if (token.raw && token.name == "style") return style_urls(token.text, "html.style");
    if (hidden || token.name == "title" || token.name == "iframe") return;
    const std::string text = decode_references(token.text);
    if (anchor_ && anchor_text_.size() < kMaxAnchorText) anchor_text_ += text;
    show(text);
}

void HtmlDocument::start_tag(const Token& token, bool hidden) {
    if (!hidden && holds(kBlocks, token.name)) new_line();
    if (token.name == "base") {
        const std::string* href = token.attribute("href");
        if (href != nullptr && base_.empty()) base_ = *href;
    }
    if (token.name == "meta") meta_refresh(token);
    if (token.name == "a" || token.name == "area") close_anchor();
    attributes(token);
    if (token.name == "a") {
        const std::string* href = token.attribute("href");
        if (href != nullptr) open_anchor(*href);
    }
}

void HtmlDocument::attributes(const Token& token) {
    for (const Attribute& attribute : token.attributes) {
        const std::string where = "html." + token.name + '.' + attribute.name;
        if (holds(kLinks, attribute.name)) {
            link(attribute.value, where);
        } else if (attribute.name == "srcset") {
            srcset(attribute.value, where);
        } else if (attribute.name == "style") {
            style_urls(attribute.value, where);
        } else if (attribute.name == "srcdoc") {
            child(attribute.value, "text/html", "srcdoc");
        } else if (attribute.name.starts_with("on") && attribute.value.size() > 3) {
            has_script_ = true;
            for (std::size_t at = attribute.value.find("://"); at != std::string::npos;
                 at = attribute.value.find("://", at + 3)) {
                std::size_t start = at;
                while (start > 0 && ascii_alpha(attribute.value[start - 1])) --start;
                const std::size_t end = attribute.value.find_first_of("'\"\\ )`;<>", at);
                link(std::string_view(attribute.value).substr(start, end - start), where);
            }
        }
    }
}

void HtmlDocument::meta_refresh(const Token& token) {
    const std::string* content = token.attribute("content");
    const std::string* equivalent = token.attribute("http-equiv");
    if (content == nullptr || equivalent == nullptr || !ascii_iequal(*equivalent, "refresh"))
        return;
    const std::string lower = ascii_lower(*content);
    std::size_t start = lower.find("url");
    if (start == std::string::npos) return;
    start = lower.find_first_not_of(" \t=", start + 3);
    if (start == std::string::npos) return;
    std::string_view url = std::string_view(*content).substr(start);
    if (url.starts_with('"') || url.starts_with('\'')) {
        url = url.substr(1, url.find(url[0], 1) - 1);
    }
    link(url, "html.meta.refresh");
}

void HtmlDocument::style_urls(std::string_view css, std::string_view where) {
    for (std::size_t at = css.find('('); at != std::string_view::npos; at = css.find('(', at + 1)) {
        if (at < 3 || !ascii_iequal(css.substr(at - 3, 3), "url")) continue;
        const std::size_t end = std::min(css.find(')', at), css.size());
        std::string_view url = trim(css.substr(at + 1, end - at - 1));
        if (url.size() >= 2 && (url[0] == '"' || url[0] == '\''))
            url = url.substr(1, url.size() - 2);
        link(url, where);
        at = std::max(at, end - 1);
    }
    for (std::size_t at = css.find("@import"); at != std::string_view::npos;
         at = css.find("@import", at + 7)) {
        std::string_view rest = trim(css.substr(at + 7, kMaxUrl));
        if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) continue;
        link(rest.substr(1, rest.find(rest[0], 1) - 1), where);
    }
}

void HtmlDocument::srcset(std::string_view value, std::string_view where) {
    while (!value.empty()) {
        while (!value.empty() && (static_cast<unsigned char>(value[0]) <= ' ' || value[0] == ',')) {
            value.remove_prefix(1);
        }
        const std::size_t end = std::min(value.find_first_of(" \t\r\n"), value.size());
        std::string_view url = value.substr(0, end);
        while (url.ends_with(',')) url.remove_suffix(1);
        link(url, where);
        const std::size_t comma = value.find(',', end);
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    }
}

void HtmlDocument::link(std::string_view raw, std::string_view where) {
    raw = trim(raw);
    if (raw.empty() || raw[0] == '#' || stopped_) return;
    if (starts_with_word(raw, "data:")) return data_url(raw);
    if (starts_with_word(raw, "javascript:") || starts_with_word(raw, "vbscript:")) {
        has_script_ = true;
        return child(percent_decode(raw.substr(raw.find(':') + 1)), "text/javascript",
                     "script-url");
    }
    if (starts_with_word(raw, "cid:") || starts_with_word(raw, "mid:")) return;
    std::string url = resolve_url(base_, raw.substr(0, kMaxUrl + 1));
    if (url.empty() || !seen_.insert(std::string(where) + ' ' + url).second) return;
    if (into_.urls.size() >= kMaxHtmlUrls) {
        into_.limits.push_back({.limit = Limit::Names,
                                .object = {},
                                .configured = kMaxHtmlUrls,
                                .observed = kMaxHtmlUrls + 1});
        stopped_ = true;
        return;
    }
    into_.urls.push_back({.url = std::move(url), .where = std::string(where), .flags = {}});
}

void HtmlDocument::script(std::string_view source) {
    if (trim(source).empty()) return;
    has_script_ = true;
    child(std::string(source), "text/javascript", "script");
}

void HtmlDocument::data_url(std::string_view url) {
    url = url.substr(5, kMaxLink);
    const std::size_t comma = url.find(',');
    if (comma == std::string_view::npos) return;
    const std::string_view head = url.substr(0, comma);
    const std::string mime = ascii_lower(trim(head.substr(0, head.find(';'))));
    std::string bytes = percent_decode(url.substr(comma + 1));
    if (ascii_lower(head).find("base64") != std::string::npos) {
        bytes = base64_read(bytes, Base64Dialect::SkipJunk).bytes;
    }
    child(std::move(bytes), mime, "data-url");
}

void HtmlDocument::child(std::string bytes, std::string_view mime, std::string_view flag) {
    if (bytes.empty() || stopped_) return;
    auto hit = budget_.charge_bytes(bytes.size());
    if (!hit && into_.children.size() >= kMaxHtmlChildren) {
        hit = LimitHit{.limit = Limit::Objects,
                       .object = {},
                       .configured = kMaxHtmlChildren,
                       .observed = kMaxHtmlChildren + 1};
    }
    if (hit) {
        into_.limits.push_back(*hit);
        stopped_ = true;
        return;
    }
    into_.children.push_back({.bytes = std::move(bytes),
                              .relation = Relation::Decoded,
                              .name = {},
                              .declared_mime = std::string(mime.substr(0, kMaxDetail)),
                              .charset = {},
                              .flags = {std::string(flag)}});
}

void HtmlDocument::open_anchor(const std::string& href) {
    const std::string url = resolve_url(base_, std::string_view(href).substr(0, kMaxUrl + 1));
    const auto parsed = parse_url(url);
    if (!parsed || parsed->host.empty()) return;
    const auto found = std::find_if(into_.urls.rbegin(), into_.urls.rend(),
                                    [&](const FoundUrl& u) { return u.url == url; });
    if (found == into_.urls.rend()) return;
    anchor_ = true;
    anchor_host_ = parsed->host;
    anchor_url_ = static_cast<std::size_t>(into_.urls.rend() - found) - 1;
    anchor_text_.clear();
}

void HtmlDocument::close_anchor() {
    if (!anchor_) return;
    anchor_ = false;
    const std::string claimed = claimed_host(anchor_text_);
    if (claimed.empty() || same_site(claimed, anchor_host_)) return;
    auto& flags = into_.urls[anchor_url_].flags;
    if (std::find(flags.begin(), flags.end(), "text-mismatch") == flags.end()) {
        flags.emplace_back("text-mismatch");
    }
    const bool there = std::any_of(into_.findings.begin(), into_.findings.end(),
                                   [](const Finding& f) { return f.code == "HTML_LINK_MISMATCH"; });
    if (!there) {
        into_.findings.push_back(finding("HTML_LINK_MISMATCH", claimed + " -> " + anchor_host_));
    }
}

void HtmlDocument::show(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) > ' ') {
            into_.text += c;
        } else if (!into_.text.empty() && into_.text.back() != ' ' && into_.text.back() != '\n') {
            into_.text += ' ';
        }
    }
}

void HtmlDocument::new_line() {
    while (into_.text.ends_with(' ')) into_.text.pop_back();
    if (!into_.text.empty() && into_.text.back() != '\n') into_.text += '\n';
}

}  // namespace postern::analyzers
