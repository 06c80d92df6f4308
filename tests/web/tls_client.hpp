#pragma once

#include <Poco/Net/SecureStreamSocket.h>

#include <map>
#include <optional>
#include <string>

#include "web/server/request.hpp"

namespace postern::web_tests {

struct Answer {
    int status = 0;
    std::multimap<std::string, std::string> headers;  ///< names in lower case
    std::string body;

    [[nodiscard]] std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string{} : found->second;
    }
};

/// A TLS connection that sends exactly what it is told to, so that broken HTTP can be sent too.
class TlsClient {
public:
    explicit TlsClient(const std::string& endpoint);

    void send(const std::string& bytes);
    /// The next answer; nullopt: the server closed, or said nothing for five seconds.
    [[nodiscard]] std::optional<Answer> read(bool head_only = false);
    /// True when the server closes within `patience`.
    [[nodiscard]] bool closed_within(int seconds);

private:
    bool fill();
    Poco::Net::SecureStreamSocket socket_;
    std::string buffer_;
};

/// A request as a browser on our own page sends it. `extra`: whole lines, each ending in CR LF.
[[nodiscard]] std::string request_text(const std::string& method, const std::string& target,
                                       const std::string& extra = {}, const std::string& body = {});

}  // namespace postern::web_tests
