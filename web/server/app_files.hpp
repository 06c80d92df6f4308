#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "web/server/request.hpp"

namespace postern::web {

/// The files of the page, read once at start. A request can only name what is in the table, so no
/// path from the network ever reaches the file system.
class AppFiles {
public:
    static constexpr std::size_t kMaxFiles = 200;
    static constexpr std::size_t kMaxFile = std::size_t{8} << 20;

    /// Reads all files below `folder`. The failure is a sentence: no such folder, no index.html,
    /// too many or too large.
    [[nodiscard]] static Outcome<AppFiles, std::string> load(const std::string& folder);

    /// The answer to a GET or HEAD of `request.path`; "/" is index.html. nullopt: no such file.
    [[nodiscard]] std::optional<Response> answer(const Request& request) const;

private:
    struct File {
        std::string content;
        std::string type;
        std::string tag;  ///< entity tag, quotes included
    };
    std::map<std::string, File, std::less<>> files_;
};

}  // namespace postern::web
