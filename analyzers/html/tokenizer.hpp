#pragma once

/// @file HTML cut into tags, text and comments, as browsers do for any input (WHATWG HTML, section
/// 13.2.5), without building a tree.

#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

struct Attribute {
    std::string name;   ///< lower case
    std::string value;  ///< character references decoded
};

struct Token {
    enum class Kind : unsigned char { Text, Start, End, Comment };
    Kind kind = Kind::Text;
    std::string name;  ///< of a tag, lower case
    std::vector<Attribute> attributes;
    std::string_view text;  ///< of Text and Comment, references not decoded
    bool raw = false;       ///< Text of script, style and the like: no references, no tags

    [[nodiscard]] const std::string* attribute(std::string_view wanted) const;
};

/// Each call to next() takes time in proportion to what it consumes.
class HtmlTokenizer {
public:
    explicit HtmlTokenizer(std::string_view html) : html_(html) {}
    /// False at the end.
    [[nodiscard]] bool next(Token& token);

private:
    bool text(Token& token);
    bool raw_text(Token& token);
    bool markup(Token& token);
    bool comment(Token& token, std::size_t start);
    void tag(Token& token, bool end_tag);
    void attribute(Token& token);
    [[nodiscard]] std::string attribute_value();
    void skip_blanks();

    std::string_view html_;
    std::size_t at_ = 0;
    std::string raw_until_;  ///< name of the element whose content is raw text
};

/// Character references replaced: numbers, and the names that mail uses or abuses.
[[nodiscard]] std::string decode_references(std::string_view text);

}  // namespace postern::analyzers
