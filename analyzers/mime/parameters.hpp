#pragma once

/// @file Content-Type, Content-Disposition and their like: a value and parameters (RFC 2045,
/// section 5.1; RFC 2231).

#include <string>
#include <string_view>
#include <vector>

namespace postern::analyzers {

struct Parameter {
    std::string name;   ///< lower case, with RFC 2231's asterisks: "filename*0*"
    std::string value;  ///< quotes and escapes undone, percent escapes not
    std::string tail;   ///< what follows a quoted value, or a ";" where no name follows: ".exe"
};

struct ParameterList {
    std::string value;  ///< lower case, comments and blanks dropped: "multipart/mixed"
    std::vector<Parameter> parameters;
    bool odd = false;  ///< comments, open quotes, text behind a quoted value, nameless parameters

    /// The parameter `name`, its RFC 2231 pieces joined and decoded to UTF-8, plain form first
    /// unless `extended` prefers the other; empty if there is none.
    [[nodiscard]] std::string get(std::string_view name, bool prefer_extended) const;
    /// Every value that some reader takes for `name`, without duplicates.
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
};

[[nodiscard]] ParameterList read_parameters(std::string_view unfolded);

}  // namespace postern::analyzers
