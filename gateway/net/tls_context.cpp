#include "gateway/net/tls_context.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "gateway/net/tls_identity.hpp"
#include "gateway/net/tls_state.hpp"

namespace postern::net {

struct TlsContext::State {
    std::vector<Poco::Net::Context::Ptr> contexts;  ///< one for each identity
};

namespace {

// RFC 9325 4.2, as far as servers that fall back to no encryption at all can be held to it.
constexpr const char* kCiphers = "HIGH:!aNULL:!MD5:!3DES:!RC4:!PSK:!SRP";

/// Whoever the client is, the handshake goes on: what was found is told by facts_of().
int take_any_certificate(int, X509_STORE_CTX*) {
    return 1;
}

/// Finds the identity for the server that the client names. Called by OpenSSL in a handshake.
int choose_identity(SSL* session, int*, void* argument) {
    const auto& state = *static_cast<const TlsContext::State*>(argument);
    const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    const std::size_t length = std::strlen(name);
    for (const Poco::Net::Context::Ptr& each : state.contexts) {
        X509* certificate = SSL_CTX_get0_certificate(each->sslContext());
        if (certificate == nullptr ||
            X509_check_host(certificate, name, length, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                            nullptr) != 1) {
            continue;
        }
        SSL_set_SSL_CTX(session, each->sslContext());
        ERR_clear_error();
        return SSL_TLSEXT_ERR_OK;
    }
    ERR_clear_error();
    return SSL_TLSEXT_ERR_NOACK;  // the first one: a client that checks names will tell
}

Poco::Net::Context::Ptr make_context(const TlsRules& rules) {
    constexpr std::string_view kSessionContext = "postern";
    Poco::Net::Context::Params params;
    params.verificationMode = Poco::Net::Context::VERIFY_NONE;
    params.loadDefaultCAs = false;
    params.cipherList = kCiphers;
    Poco::Net::Context::Ptr context(
        new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params));
    context->requireMinimumProtocol(rules.tls13_only ? Poco::Net::Context::PROTO_TLSV1_3
                                                     : Poco::Net::Context::PROTO_TLSV1_2);
    SSL_CTX* native = context->sslContext();
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Partial writes from a buffer that may move: output is a string that shrinks as it is sent.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Sessions are resumed by tickets, which the client keeps; a cache would grow with clients.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    std::array<unsigned char, kSessionContext.size()> id{};
    std::copy(kSessionContext.begin(), kSessionContext.end(), id.begin());
    SSL_CTX_set_session_id_context(native, id.data(), static_cast<unsigned>(id.size()));
    if (rules.ask_client_certificate) {
        SSL_CTX_set_verify(native, SSL_VERIFY_PEER, take_any_certificate);
        // Mail servers show the certificate that they have, which is one for servers.
        SSL_CTX_set_purpose(native, X509_PURPOSE_ANY);
    }
    return context;
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

TlsContext::Made TlsContext::make(const std::vector<TlsIdentity>& identities,
                                  const TlsRules& rules) {
    try {
        ERR_clear_error();
        auto state = std::make_unique<State>();
        for (const TlsIdentity& identity : identities) {
            state->contexts.push_back(make_context(rules));
            SSL_CTX* native = state->contexts.back()->sslContext();
            if (auto used = use_identity(native, identity); !used) return Failure{used.error()};
            if (!rules.client_ca.empty()) {
                if (auto used = use_client_ca(native, rules.client_ca); !used) {
                    return Failure{used.error()};
                }
            }
        }
        if (state->contexts.empty()) return Failure{std::string("TLS: no certificate")};
        if (state->contexts.size() > 1) {
            SSL_CTX* first = state->contexts.front()->sslContext();
            // What the macro does, without its C cast: OpenSSL casts back before it calls.
            SSL_CTX_callback_ctrl(first, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                                  reinterpret_cast<void (*)()>(choose_identity));
            SSL_CTX_set_tlsext_servername_arg(first, state.get());
        }
        return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
    } catch (const Poco::Exception& error) {
        return Failure{"TLS: " + error.displayText()};
    }
}

TlsContext::Made TlsContext::load(const std::string& certificate, const std::string& key) {
    auto identity = read_identity(certificate, key);
    if (!identity) return Failure{identity.error()};
    return make({*identity}, {});
}

TlsContext::Made TlsContext::self_signed(const std::string& hostname) {
    try {
        auto state = std::make_unique<State>();
        state->contexts.push_back(make_context({}));
        auto used = use_self_signed(state->contexts.front()->sslContext(), hostname);
        if (!used) return Failure{used.error()};
        return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
    } catch (const Poco::Exception& error) {
        return Failure{"TLS: " + error.displayText()};
    }
}

SslSession open_server_session(const TlsContext& context, int socket) {
    ERR_clear_error();
    SslSession session(SSL_new(context.state().contexts.front()->sslContext()));
    if (session && SSL_set_fd(session.get(), socket) != 1) session.reset();
    if (session) SSL_set_accept_state(session.get());
    return session;
}

}  // namespace postern::net
