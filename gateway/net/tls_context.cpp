#include "gateway/net/tls_context.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <string_view>
#include <utility>

#include "gateway/net/tls_state.hpp"

namespace postern::net {

struct TlsContext::State {
    Poco::Net::Context::Ptr context;
};

namespace {

// RFC 9325 4.2, as far as servers that fall back to no encryption at all can be held to it.
constexpr const char* kCiphers = "HIGH:!aNULL:!MD5:!3DES:!RC4";

std::string tls_error(std::string_view what) {
    std::array<char, 256> words{};
    const unsigned long number = ERR_peek_last_error();
    ERR_error_string_n(number, words.data(), words.size());
    ERR_clear_error();
    return std::string(what) + (number == 0 ? "" : std::string(": ") + words.data());
}

/// A key that wants a passphrase cannot be used by a service: nobody is there to type it.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Poco::Net::Context::Ptr make_context() {
    Poco::Net::Context::Params params;
    params.verificationMode = Poco::Net::Context::VERIFY_NONE;
    params.loadDefaultCAs = false;
    params.cipherList = kCiphers;
    Poco::Net::Context::Ptr context(
        new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params));
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    SSL_CTX* native = context->sslContext();
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Partial writes from a buffer that may move: output is a string that shrinks as it is sent.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_default_passwd_cb(native, no_passphrase);
    return context;
}

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFree {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

/// Makes key and certificate and puts them into `context`.
bool use_self_signed(SSL_CTX* context, const std::string& hostname) {
    constexpr long kTenYears = 10L * 365 * 24 * 3600;
    constexpr long kYesterday = -24L * 3600;  // for clients whose clock is late
    const std::unique_ptr<EVP_PKEY, KeyFree> key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, CertificateFree> certificate(X509_new());
    if (!key || !certificate) return false;
    X509* made = certificate.get();
    const std::string name = hostname.substr(0, 64);  // ub-common-name, RFC 5280 appendix A
    const bool named =
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(made), "CN", MBSTRING_UTF8,
            std::basic_string<unsigned char>(name.begin(), name.end()).c_str(), -1, -1, 0) == 1;
    return named && X509_set_version(made, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(made), 1) == 1 &&
           X509_set_issuer_name(made, X509_get_subject_name(made)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(made), kYesterday) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(made), kTenYears) != nullptr &&
           X509_set_pubkey(made, key.get()) == 1 && X509_sign(made, key.get(), EVP_sha256()) > 0 &&
           SSL_CTX_use_certificate(context, made) == 1 &&
           SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Outcome<std::shared_ptr<const TlsContext>, std::string> TlsContext::load(
    const std::string& certificate, const std::string& key) {
    try {
        ERR_clear_error();
        auto state = std::make_unique<State>(State{make_context()});
        SSL_CTX* native = state->context->sslContext();
        if (SSL_CTX_use_certificate_chain_file(native, certificate.c_str()) != 1) {
            return Failure{tls_error("cannot use certificate " + certificate)};
        }
        if (SSL_CTX_use_PrivateKey_file(native, key.c_str(), SSL_FILETYPE_PEM) != 1) {
            return Failure{tls_error("cannot use key " + key)};
        }
        if (SSL_CTX_check_private_key(native) != 1) {
            return Failure{tls_error("key " + key + " does not belong to " + certificate)};
        }
        return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
    } catch (const Poco::Exception& error) {
        return Failure{"TLS: " + error.displayText()};
    }
}

Outcome<std::shared_ptr<const TlsContext>, std::string> TlsContext::self_signed(
    const std::string& hostname) {
    try {
        ERR_clear_error();
        auto state = std::make_unique<State>(State{make_context()});
        if (!use_self_signed(state->context->sslContext(), hostname)) {
            return Failure{tls_error("cannot make a certificate for " + hostname)};
        }
        return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
    } catch (const Poco::Exception& error) {
        return Failure{"TLS: " + error.displayText()};
    }
}

SslSession open_server_session(const TlsContext& context, int socket) {
    ERR_clear_error();
    SslSession session(SSL_new(context.state().context->sslContext()));
    if (session && SSL_set_fd(session.get(), socket) != 1) session.reset();
    if (session) SSL_set_accept_state(session.get());
    return session;
}

}  // namespace postern::net
