#pragma once

/// @file One request and its answer as values: what resources work with. No socket, no library.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::web {

using Field = std::pair<std::string, std::string>;

/// A request that has been read whole. Nothing in it is trusted.
struct Request {
    std::string method;               ///< upper case
    std::string path;                 ///< percent-decoded, begins with "/"
    std::vector<Field> query = {};    ///< decoded, in order
    std::vector<Field> headers = {};  ///< as sent
    std::string body = {};
    std::string remote = {};  ///< IP address of the peer

    /// The first header field of this name (any letter case); empty: none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] std::size_t header_count(std::string_view name) const;
    /// True for methods that may change something.
    [[nodiscard]] bool unsafe() const;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body = {};
    std::vector<Field> headers = {};
    bool close = false;  ///< do not read another request from this connection

    /// `{"error": ..., "detail": ...}`. `error` is a word for programs, `detail` a sentence.
    [[nodiscard]] static Response failure(int status, std::string_view error,
                                          std::string_view detail);
};

/// A JSON string literal of `text`, quotes included; bad UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace postern::web
