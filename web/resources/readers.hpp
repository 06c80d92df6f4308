#pragma once

/// @file Private to this folder: what a client sent, read strictly.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "web/server/request.hpp"

namespace postern::web {

/// The query of a request. A name that is not known, or comes twice, is an error: a misspelt filter
/// must not show everything.
class QueryReader {
public:
    QueryReader(const Request& request, std::initializer_list<std::string_view> known);

    /// The value; empty: not there.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// A decimal number within the bounds, or `absent`. Anything else is an error.
    [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most,
                                      std::int64_t absent);
    /// What `parse` makes of the value; nullopt: not there. An error when parse says nullopt.
    template <class Parse>
    auto word(std::string_view name, Parse parse) -> decltype(parse(std::string_view{})) {
        const std::string value = text(name);
        if (value.empty()) return std::nullopt;
        auto parsed = parse(std::string_view(value));
        if (!parsed) complain(name);
        return parsed;
    }
    void complain(std::string_view name);
    /// The answer when anything was wrong.
    [[nodiscard]] const std::optional<Response>& error() const { return error_; }

private:
    const Request& request_;
    std::optional<Response> error_;
};

/// The JSON object in a body; an empty body is an empty object. Members that are not known are an
/// error.
class BodyReader {
public:
    BodyReader(const Request& request, std::initializer_list<std::string_view> known);
    ~BodyReader();
    BodyReader(const BodyReader&) = delete;
    BodyReader& operator=(const BodyReader&) = delete;
    BodyReader(BodyReader&&) = delete;
    BodyReader& operator=(BodyReader&&) = delete;

    [[nodiscard]] std::string text(const std::string& name, bool required);
    [[nodiscard]] bool flag(const std::string& name);
    [[nodiscard]] std::vector<std::string> texts(const std::string& name, std::size_t most);
    void complain(std::string_view name);
    [[nodiscard]] const std::optional<Response>& error() const { return error_; }

private:
    std::unique_ptr<nlohmann::json> object_;
    std::optional<Response> error_;
};

}  // namespace postern::web
