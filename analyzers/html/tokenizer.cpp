#include "analyzers/html/tokenizer.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxName = 64;         // of a tag or attribute; more is cut
constexpr std::size_t kMaxAttributes = 500;  // of one tag; more are skipped
constexpr std::array kRawElements = {"script"sv, "style"sv,  "textarea"sv, "title"sv,
                                     "xmp"sv,    "iframe"sv, "noembed"sv,  "noframes"sv};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

}  // namespace

const std::string* Token::attribute(std::string_view wanted) const {
    const auto found = std::find_if(attributes.begin(), attributes.end(),
                                    [&](const Attribute& a) { return a.name == wanted; });
    return found == attributes.end() ? nullptr : &found->value;
}

bool HtmlTokenizer::next(Token& token) {
    token.attributes.clear();
    token.name.clear();
    token.raw = false;
    if (at_ >= html_.size()) return false;
    if (!raw_until_.empty()) return raw_text(token);
    return html_[at_] == '<' ? markup(token) : text(token);
}

bool HtmlTokenizer::text(Token& token) {
    const std::size_t end = std::min(html_.find('<', at_ + 1), html_.size());
    token.kind = Token::Kind::Text;
    token.text = html_.substr(at_, end - at_);
    at_ = end;
    return true;
}

bool HtmlTokenizer::raw_text(Token& token) {
    const std::string name = std::move(raw_until_);
    raw_until_.clear();
    std::size_t end = html_.find("</", at_);
    for (; end != std::string_view::npos; end = html_.find("</", end + 2)) {
        const std::string_view after = html_.substr(end + 2, name.size() + 1);
        const bool same =
            after.size() >= name.size() && ascii_iequal(after.substr(0, name.size()), name);
        if (same && (after.size() == name.size() || is_blank(after.back()) || after.back() == '>' ||
                     after.back() == '/')) {
            break;
        }
    }
    end = std::min(end, html_.size());
    token.kind = Token::Kind::Text;
    token.name = name;
    token.raw = true;
    token.text = html_.substr(at_, end - at_);
    at_ = end;
    return true;
}

bool HtmlTokenizer::markup(Token& token) {
    const std::string_view rest = html_.substr(at_);
    if (rest.starts_with("<!--")) return comment(token, at_ + 4);
    if (rest.starts_with("<!") || rest.starts_with("<?")) {
        // A document type, CDATA or a bogus comment: it ends at the first ">".
        const bool cdata = rest.starts_with("<![CDATA[");
        const std::size_t end = std::min(html_.find(cdata ? "]]>"sv : ">"sv, at_), html_.size());
        token.kind = cdata ? Token::Kind::Text : Token::Kind::Comment;
        const std::size_t start = at_ + (cdata ? 9 : 2);
        token.text = html_.substr(start, end - std::min(start, end));
        at_ = std::min(end + (cdata ? 3 : 1), html_.size());
        return true;
    }
    const bool end_tag = rest.starts_with("</");
    const std::size_t name = end_tag ? 2 : 1;
    if (rest.size() <= name || !ascii_alpha(rest[name])) return text(token);
    at_ += name;
    tag(token, end_tag);
    return true;
}

bool HtmlTokenizer::comment(Token& token, std::size_t start) {
    token.kind = Token::Kind::Comment;
    const std::string_view rest = html_.substr(start);
    if (rest.starts_with(">") || rest.starts_with("->")) {
        token.text = {};
        at_ = start + (rest.starts_with(">") ? 1 : 2);
        return true;
    }
    std::size_t end = html_.find("--", start);
    while (end != std::string_view::npos) {
        const std::string_view after = html_.substr(end + 2, 2);
        if (after.starts_with(">") || after == "!>") {
            token.text = html_.substr(start, end - start);
            at_ = end + (after.starts_with(">") ? 3 : 4);
            return true;
        }
        end = html_.find("--", end + 1);
    }
    token.text = rest;
    at_ = html_.size();
    return true;
}

void HtmlTokenizer::skip_blanks() {
    while (at_ < html_.size() && (is_blank(html_[at_]) || html_[at_] == '/')) ++at_;
}

void HtmlTokenizer::tag(Token& token, bool end_tag) {
    token.kind = end_tag ? Token::Kind::End : Token::Kind::Start;
    while (at_ < html_.size() && !is_blank(html_[at_]) && html_[at_] != '/' && html_[at_] != '>') {
        if (token.name.size() < kMaxName && html_[at_] != '\0')
            token.name += ascii_lower(html_[at_]);
        ++at_;
    }
    for (skip_blanks(); at_ < html_.size() && html_[at_] != '>'; skip_blanks()) attribute(token);
    if (at_ < html_.size()) ++at_;
    const bool raw =
        std::find(kRawElements.begin(), kRawElements.end(), token.name) != kRawElements.end();
    if (!end_tag && raw) raw_until_ = token.name;
}

void HtmlTokenizer::attribute(Token& token) {
    Attribute attribute;
    // An "=" may start a name but not go on in it.
    for (bool first = true; at_ < html_.size(); first = false, ++at_) {
        const char c = html_[at_];
        if (is_blank(c) || c == '/' || c == '>' || (c == '=' && !first)) break;
        if (attribute.name.size() < kMaxName && c != '\0') attribute.name += ascii_lower(c);
    }
    const std::size_t before = at_;
    while (at_ < html_.size() && is_blank(html_[at_])) ++at_;
    if (at_ < html_.size() && html_[at_] == '=') {
        ++at_;
        while (at_ < html_.size() && is_blank(html_[at_])) ++at_;
        attribute.value = attribute_value();
    } else {
        at_ = before;
    }
    if (token.attributes.size() < kMaxAttributes) token.attributes.push_back(std::move(attribute));
}

std::string HtmlTokenizer::attribute_value() {
    if (at_ >= html_.size()) return {};
    const char quote = html_[at_];
    if (quote == '"' || quote == '\'') {
        const std::size_t end = std::min(html_.find(quote, at_ + 1), html_.size());
        std::string value = decode_references(html_.substr(at_ + 1, end - at_ - 1));
        at_ = std::min(end + 1, html_.size());
        return value;
    }
    const std::size_t start = at_;
    while (at_ < html_.size() && !is_blank(html_[at_]) && html_[at_] != '>') ++at_;
    return decode_references(html_.substr(start, at_ - start));
}

}  // namespace postern::analyzers
