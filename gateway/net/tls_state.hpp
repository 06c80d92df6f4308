#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "gateway/net/dialogue.hpp"
#include "gateway/net/tls_context.hpp"

namespace postern::net {

struct SslFree {
    void operator()(SSL* session) const { SSL_free(session); }
};
using SslSession = std::unique_ptr<SSL, SslFree>;

/// A server session over a non-blocking socket; null when out of memory.
[[nodiscard]] SslSession open_server_session(const TlsContext& context, int socket);

/// After the handshake. Clears the thread's error queue.
[[nodiscard]] TlsFacts facts_of(const SSL* session);

}  // namespace postern::net
