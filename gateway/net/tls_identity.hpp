#pragma once

#include <openssl/ssl.h>

#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/net/tls_context.hpp"

namespace postern::net {

/// `what` with OpenSSL's words for the last error; clears the error queue.
[[nodiscard]] std::string tls_error(const std::string& what);

/// Puts certificate, chain and key into `context`; fails with a sentence for the operator.
[[nodiscard]] Outcome<bool, std::string> use_identity(SSL_CTX* context,
                                                      const TlsIdentity& identity);
/// A certificate made now for `hostname`, with its key.
[[nodiscard]] Outcome<bool, std::string> use_self_signed(SSL_CTX* context,
                                                         const std::string& hostname);
/// Takes the CAs that client certificates are verified by.
[[nodiscard]] Outcome<bool, std::string> use_client_ca(SSL_CTX* context, const std::string& pem);

}  // namespace postern::net
