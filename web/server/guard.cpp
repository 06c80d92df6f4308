#include "web/server/guard.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "analyzers/base/ascii.hpp"

namespace postern::web {
namespace {

Response refusal(int status, std::string_view error, std::string_view detail) {
    Response response = Response::failure(status, error, detail);
    response.close = true;
    return response;
}

bool port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), ascii_digit);
}

std::optional<Response> refuse_framing(const Request& request, const GuardSettings& settings) {
    if (request.header_count("Transfer-Encoding") != 0) {
        return refusal(501, "transfer-encoding", "Bodies need a Content-Length.");
    }
    if (request.header_count("Content-Length") > 1) {
        return refusal(400, "content-length", "More than one Content-Length.");
    }
    const auto length = content_length(request);
    if (!length) return refusal(400, "content-length", "Content-Length is not a number.");
    if (*length > settings.max_body) return refusal(413, "too-large", "The body is too large.");
    return std::nullopt;
}

std::optional<Response> refuse_host(const Request& request, const GuardSettings& settings) {
    if (request.header_count("Host") != 1) {
        return refusal(400, "host", "Exactly one Host field is needed.");
    }
    const auto host = host_name(request.header("Host"));
    if (!host) return refusal(400, "host", "The Host field is not a host.");
    if (std::find(settings.hosts.begin(), settings.hosts.end(), *host) == settings.hosts.end()) {
        return refusal(421, "host", "This server does not answer for that host.");
    }
    return std::nullopt;
}

std::optional<Response> refuse_foreign_page(const Request& request) {
    const std::string_view site = request.header("Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin" && site != "none") {
        return refusal(403, "origin", "The request comes from another site.");
    }
    if (request.header_count("Origin") == 0) return std::nullopt;
    const std::string own = "https://" + ascii_lower(request.header("Host"));
    if (request.header_count("Origin") != 1 || ascii_lower(request.header("Origin")) != own) {
        return refusal(403, "origin", "The request comes from another site.");
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> host_name(std::string_view host_field) {
    std::size_t end = std::min(host_field.find(':'), host_field.size());
    if (!host_field.empty() && host_field.front() == '[') {
        end = host_field.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        ++end;
    }
    const std::string_view name = host_field.substr(0, end);
    const std::string_view rest = host_field.substr(end);
    if (name.empty()) return std::nullopt;
    if (!rest.empty() && (rest.front() != ':' || !port(rest.substr(1)))) return std::nullopt;
    return ascii_lower(name);
}

std::optional<std::size_t> content_length(const Request& request) {
    if (request.header_count("Content-Length") == 0) return 0;
    const std::string_view text = request.header("Content-Length");
    std::size_t length = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, length);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return length;
}

std::optional<Response> refuse(const Request& request, const GuardSettings& settings) {
    constexpr std::array<std::string_view, 4> kMethods = {"GET", "HEAD", "POST", "DELETE"};
    if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
        return refusal(501, "method", "This method is not known here.");
    }
    if (auto answer = refuse_framing(request, settings)) return answer;
    if (auto answer = refuse_host(request, settings)) return answer;
    return request.unsafe() ? refuse_foreign_page(request) : std::nullopt;
}

}  // namespace postern::web
