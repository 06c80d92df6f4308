#include "web/server/request.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analyzers/base/ascii.hpp"

namespace postern::web {

std::string_view Request::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const Field& field) {
        return ascii_iequal(field.first, name);
    });
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

std::size_t Request::header_count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(),
                      [&](const Field& field) { return ascii_iequal(field.first, name); }));
}

bool Request::unsafe() const {
    return method != "GET" && method != "HEAD";
}

Response Response::failure(int status, std::string_view error, std::string_view detail) {
    Response response;
    response.status = status;
    response.body = "{\"error\":" + json_quoted(error) + ",\"detail\":" + json_quoted(detail) + "}";
    return response;
}

std::string json_quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace postern::web
