#pragma once

/// @file Certificates made now, and a server that shows one.

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "gateway/relay/tls_client.hpp"

namespace postern::testing_support {

struct FreeOpenSsl {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* session) const { SSL_free(session); }
};

struct Identity {
    std::unique_ptr<EVP_PKEY, FreeOpenSsl> key;
    std::unique_ptr<X509, FreeOpenSsl> certificate;
};

struct Wanted {
    std::string name;          ///< common name
    std::string subject = {};  ///< "DNS:a.test,IP:192.0.2.1"; empty: no alternative names
    bool authority = false;
    long valid_for = 86400;  ///< seconds from now; negative: it has run out
};

/// Signed by `issuer`, or by itself.
[[nodiscard]] Identity make_identity(const Wanted& wanted, const Identity* issuer = nullptr);
[[nodiscard]] std::string pem(const Identity& identity);
/// SHA-256, raw, of the certificate and of the key in it.
[[nodiscard]] std::string certificate_digest(const X509* certificate);
[[nodiscard]] std::string key_digest(const X509* certificate);
[[nodiscard]] std::string der(const X509* certificate);
/// The first certificate of a PEM file.
[[nodiscard]] std::unique_ptr<X509, FreeOpenSsl> read_certificate(const std::string& path);

/// Lets `client` and a server that shows `identity` (and `chain`, when it is not null) speak over
/// memory. True: both have finished.
[[nodiscard]] bool handshake(relay::TlsClient& client, const Identity& identity,
                             const Identity* chain);

}  // namespace postern::testing_support
