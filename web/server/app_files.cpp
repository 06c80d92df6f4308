#include "web/server/app_files.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "analyzers/base/sha256.hpp"

namespace postern::web {
namespace {

namespace fs = std::filesystem;

std::string type_of(const fs::path& path) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTypes = {{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".woff2", "font/woff2"},
    }};
    for (const auto& [extension, type] : kTypes) {
        if (path.extension() == extension) return std::string(type);
    }
    return "application/octet-stream";
}

}  // namespace

Outcome<AppFiles, std::string> AppFiles::load(const std::string& folder) {
    AppFiles app;
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, error);
    if (error) return Failure{folder + ": " + error.message()};
    for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (error) return Failure{folder + ": " + error.message()};
        if (!entry->is_regular_file(error)) continue;
        if (app.files_.size() == kMaxFiles) return Failure{folder + ": too many files"};
        if (entry->file_size(error) > kMaxFile) {
            return Failure{entry->path().string() + ": too large"};
        }
        std::ifstream in(entry->path(), std::ios::binary);
        std::ostringstream content;
        content << in.rdbuf();
        if (!in) return Failure{entry->path().string() + ": cannot be read"};
        File file{std::move(content).str(), type_of(entry->path()), {}};
        file.tag = '"' + sha256_hex(as_bytes(file.content)).substr(0, 32) + '"';
        app.files_["/" + entry->path().lexically_relative(folder).generic_string()] =
            std::move(file);
    }
    const auto index = app.files_.find("/index.html");
    if (index == app.files_.end()) return Failure{folder + ": has no index.html"};
    app.files_["/"] = index->second;
    return app;
}

std::optional<Response> AppFiles::answer(const Request& request) const {
    const auto found = files_.find(request.path);
    if (found == files_.end()) return std::nullopt;
    const File& file = found->second;
    // Names below /assets/ change with their content; all others are asked for again each time.
    const bool fixed = request.path.starts_with("/assets/");
    Response response;
    response.content_type = file.type;
    response.headers = {{"ETag", file.tag},
                        {"Cache-Control", fixed ? "max-age=31536000, immutable" : "no-cache"}};
    if (request.header("If-None-Match") == file.tag) {
        response.status = 304;
    } else {
        response.body = file.content;
    }
    return response;
}

}  // namespace postern::web
