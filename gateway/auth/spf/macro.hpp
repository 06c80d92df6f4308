#pragma once

/// @file Macro strings of SPF (RFC 7208 7): checked when a record is read, expanded when a term
/// needs its name. Expansion is bounded whatever the record repeats.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::auth::spf {

/// A sentence: what is wrong with the text.
using SyntaxError = std::string;

class MacroString {
public:
    /// domain-spec: ends in a top label or a macro; letters c, r, t are not allowed.
    static Outcome<MacroString, SyntaxError> parse_domain_spec(std::string_view text);
    /// The value of an unknown modifier: any macro-string, the empty one too.
    static Outcome<MacroString, SyntaxError> parse_macro_string(std::string_view text);
    /// explain-string: blanks and the letters c, r, t as well. Fails on bytes that are not
    /// printable ASCII.
    static Outcome<MacroString, SyntaxError> parse_explanation(std::string_view text);

    /// The value of a letter (lower case) for this message.
    using Values = std::function<std::string(char letter)>;
    /// A name to ask for: without the final dot, at most 253 bytes; what is longer loses labels on
    /// its left (7.3). May still be no valid name.
    [[nodiscard]] std::string expand_name(const Values& values) const;
    /// A text; what is beyond `longest` bytes is cut off.
    [[nodiscard]] std::string expand_text(const Values& values, std::size_t longest) const;
    /// Whether one of `letters` (lower case) is expanded.
    [[nodiscard]] bool uses(std::string_view letters) const;

private:
    struct Macro {
        char letter = 'd';      ///< lower case
        bool escape = false;    ///< upper case: escaped as in a URL
        std::size_t parts = 0;  ///< right-hand parts kept; 0: all
        bool reversed = false;
        std::string delimiters;  ///< empty: "."
    };
    using Piece = std::variant<std::string, Macro>;
    enum class Kind { DomainSpec, MacroText, Explanation };

    static Outcome<MacroString, SyntaxError> parse(std::string_view text, Kind kind);
    static Outcome<Macro, SyntaxError> parse_macro(std::string_view inner, Kind kind);
    static std::string expand_macro(const Macro& macro, const Values& values);
    /// Expands from left to right and hands out each piece until `take` returns false.
    void each(const Values& values, const std::function<bool(std::string_view)>& take) const;

    std::vector<Piece> pieces_;
};

}  // namespace postern::auth::spf
