#pragma once

/// @file A blocking connection, in the clear or under TLS.

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/unique_fd.hpp"

namespace postern::sink {

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
    void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

/// A server context with a fresh key and a certificate that it signed itself.
TlsContext self_signed();
/// Its certificate as a PEM file, for whoever wants to verify it.
void write_certificate(SSL_CTX* context, const std::string& path);

class Stream {
public:
    explicit Stream(UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}

    /// The next line without its CRLF. nullopt: the end. A bare LF does not end a line.
    std::optional<std::string> line();
    bool send(std::string_view bytes);
    bool start_tls(SSL_CTX* context);
    /// More bytes have come. False: the end.
    bool fill();
    [[nodiscard]] bool tls() const { return session_ != nullptr; }

private:
    UniqueFd descriptor_;
    std::unique_ptr<SSL, FreeSession> session_;
    std::string input_;
};

}  // namespace postern::sink
