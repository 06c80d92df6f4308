#pragma once

#include <string>

#include "analyzers/base/outcome.hpp"
#include "quarantine/location.hpp"
#include "web/resources/api.hpp"
#include "web/server/server.hpp"

namespace postern::web {

/// What postern-web is told by whoever starts it: one JSON object, see README.md. An unknown member
/// or a wrong type is an error.
struct Settings {
    std::string listen = "127.0.0.1:8443";  ///< used when no socket is inherited
    int listen_fd = -1;                     ///< inherited listening socket
    int control_fd = -1;  ///< inherited; "R" is sent when ready, and its end of file ends us
    std::string app;      ///< folder of the page; empty: ../share/postern/web from the program
    quarantine::Location quarantine = {};
    int key_fd = -1;  ///< inherited file with the quarantine's key; -1: quarantine.key is read
    ServerSettings server = {};
    ApiSettings api = {};
};

/// Parses the document; reads certificate and key files where paths are given. The failure is a
/// sentence.
[[nodiscard]] Outcome<Settings, std::string> parse_settings(const std::string& text);

}  // namespace postern::web
