#include "gateway/mail/address_tokens.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"

namespace postern::mail {
namespace {

using Error = AddressListError;
using Kind = AddressToken::Kind;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < ' ' && !is_blank(c)) || c == '\x7f';
}

bool is_atext(char c) {
    constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~";
    return ascii_alnum(c) || (c & '\x80') != 0 || kSpecial.find(c) != std::string_view::npos;
}

/// How long the encoded word (RFC 2047 2) at the start of `text` is; 0: there is none. Careless
/// senders leave colons, semicolons and parentheses in it; what could pass for an address is not
/// taken.
std::size_t encoded_word(std::string_view text) {
    if (!text.starts_with("=?")) return 0;
    std::size_t at = 2;
    for (int part = 0; part < 2; ++part) {
        at = text.find('?', at);
        if (at == std::string_view::npos) return 0;
        ++at;
    }
    const std::size_t end = text.find("?=", at);
    if (end == std::string_view::npos) return 0;
    const std::string_view word = text.substr(0, end + 2);
    const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
        return c > ' ' && c < '\x7f' &&
               std::string_view("<>@,\"\\").find(c) == std::string_view::npos;
    });
    return plain ? word.size() : 0;
}

class Tokenizer {
public:
    Tokenizer(std::string_view text, std::size_t comment_depth)
        : text_(text), comment_depth_(comment_depth) {}

    Outcome<std::vector<AddressToken>, Error> run() {
        while (at_ < text_.size()) {
            if (const auto taken = step(); !taken) return Failure{taken.error()};
        }
        return std::move(tokens_);
    }

private:
    Outcome<Done, Error> step() {
        const char c = text_[at_];
        if (is_control(c)) return Failure{Error::ControlByte};
        if (is_blank(c)) {
            blank_ = true;
            ++at_;
            return Done{};
        }
        if (c == '(') return comment();
        if (c == '"') return enclosed(Kind::Quoted, '"');
        if (c == '[') return enclosed(Kind::Literal, ']');
        if (std::string_view(",:;<>@.").find(c) != std::string_view::npos) {
            add(Kind::Special, std::string(1, c));
            ++at_;
            return Done{};
        }
        std::size_t size = encoded_word(text_.substr(at_));
        if (size == 0) {
            while (at_ + size < text_.size() && is_atext(text_[at_ + size])) ++size;
        }
        if (size == 0) return Failure{Error::Syntax};
        add(Kind::Atom, std::string(text_.substr(at_, size)));
        at_ += size;
        return Done{};
    }

    Outcome<Done, Error> comment() {
        std::size_t depth = 0;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (is_control(c)) return Failure{Error::ControlByte};
            if (c == '\\') {
                ++at_;
            } else if (c == '(') {
                if (++depth > comment_depth_) return Failure{Error::TooDeep};
            } else if (c == ')' && --depth == 0) {
                ++at_;
                blank_ = true;
                return Done{};
            }
        }
        return Failure{Error::Syntax};
    }

    /// A quoted string, or a literal, whose brackets are kept.
    Outcome<Done, Error> enclosed(Kind kind, char close) {
        std::string content;
        for (++at_; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (is_control(c)) return Failure{Error::ControlByte};
            if (c == close) {
                ++at_;
                add(kind, kind == Kind::Literal ? '[' + content + ']' : content);
                return Done{};
            }
            if (kind == Kind::Literal && c == '[') return Failure{Error::Syntax};
            if (c == '\r' || c == '\n') continue;  // a fold: the blank behind it stays
            if (c == '\\') {
                if (++at_ >= text_.size()) break;
                c = text_[at_];
                if (is_control(c)) return Failure{Error::ControlByte};
            }
            content += c;
        }
        return Failure{Error::Syntax};
    }

    void add(Kind kind, std::string text) {
        tokens_.push_back({kind, std::move(text), blank_});
        blank_ = false;
    }

    std::string_view text_;
    std::size_t comment_depth_;
    std::size_t at_ = 0;
    bool blank_ = false;
    std::vector<AddressToken> tokens_;
};

}  // namespace

Outcome<std::vector<AddressToken>, AddressListError> address_tokens(std::string_view text,
                                                                    std::size_t comment_depth) {
    return Tokenizer(text, comment_depth).run();
}

}  // namespace postern::mail
