#include "quarantine/location.hpp"

namespace postern::quarantine {
namespace {

constexpr std::string_view kScheme = "sqlite://";

bool is_absolute_file(std::string_view path) {
    return path.starts_with('/') && !path.ends_with('/') &&
           path.find('\0') == std::string_view::npos;
}

}  // namespace

Outcome<Location, std::string> Location::parse(std::string_view url, std::string_view blobs,
                                               std::string_view key) {
    using Text = std::string;
    if (!url.starts_with(kScheme)) {
        return Failure{Text("\"") + Text(url) +
                       "\" is not supported, expected sqlite:///absolute/path.db"};
    }
    const std::string_view path = url.substr(kScheme.size());
    if (!is_absolute_file(path) || path.find_first_of("?#%") != std::string_view::npos) {
        return Failure{Text("\"") + Text(url) +
                       "\" names no file, expected sqlite:///absolute/path.db without ?, # and %"};
    }
    const Text folder(path.substr(0, path.rfind('/')));
    Location location{Text(path), Text(blobs), Text(key)};
    if (blobs.empty()) location.blobs = folder + "/blobs";
    if (key.empty()) location.key = folder + "/quarantine.key";
    if (!is_absolute_file(location.blobs)) {
        return Failure{Text("\"") + Text(blobs) +
                       "\" is no folder of blobs, expected an absolute path"};
    }
    if (!is_absolute_file(location.key)) {
        return Failure{Text("\"") + Text(key) + "\" is no key file, expected an absolute path"};
    }
    return location;
}

}  // namespace postern::quarantine
