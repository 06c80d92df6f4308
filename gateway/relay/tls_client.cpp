#include "gateway/relay/tls_client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <stdexcept>

namespace postern::relay {
namespace {

using PocoContext = Poco::Net::Context;

/// OpenSSL takes lengths as int.
int clamp(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

PocoContext::Ptr make_context(const TlsClientSettings& settings) {
    try {
        PocoContext::Ptr context =
            new PocoContext(PocoContext::TLS_CLIENT_USE, "", "", settings.trust,
                            settings.verify ? PocoContext::VERIFY_STRICT : PocoContext::VERIFY_NONE,
                            9, settings.verify && settings.trust.empty());
        context->requireMinimumProtocol(PocoContext::PROTO_TLSV1_2);
        return context;
    } catch (const Poco::Exception& problem) {
        throw std::runtime_error("next hop TLS: " + problem.displayText());
    }
}

bool is_address(const std::string& host) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
    ASN1_OCTET_STRING_free(address);
    return address != nullptr;
}

struct FreeSsl {
    void operator()(SSL* session) const { SSL_free(session); }
};

}  // namespace

struct TlsClientContext::State {
    PocoContext::Ptr context;
    bool verify = false;
};

TlsClientContext::TlsClientContext(const TlsClientSettings& settings)
    : state_(std::make_unique<State>(State{make_context(settings), settings.verify})) {}

TlsClientContext::~TlsClientContext() = default;

TlsClient TlsClientContext::connect(const std::string& host) const {
    ERR_clear_error();
    std::unique_ptr<SSL, FreeSsl> session(SSL_new(state_->context->sslContext()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    if (!session || in == nullptr || out == nullptr) throw std::bad_alloc();
    // An empty memory BIO means "later", not "end".
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(session.get(), in, out);
    // Not the library's callback: it asks a global manager that nobody has set up.
    SSL_set_verify(session.get(), state_->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    const bool address = is_address(host);
    if (!address) {  // the macro for this casts in the old style
        std::string name = host;
        SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 name.data());
    }
    if (state_->verify) {
        const int set =
            address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), host.c_str())
                    : SSL_set1_host(session.get(), host.c_str());
        if (set != 1) throw std::runtime_error("next hop TLS: cannot verify the name " + host);
    }
    SSL_set_connect_state(session.get());
    return TlsClient(session.release());
}

struct TlsClient::State {
    std::unique_ptr<SSL, FreeSsl> session;

    [[nodiscard]] Progress progress(int result) const {
        if (result > 0) return Progress::Done;
        const bool more = SSL_get_error(session.get(), result) == SSL_ERROR_WANT_READ;
        ERR_clear_error();  // leave nothing behind that another session of this thread would trip
                            // on
        return more ? Progress::NeedsInput : Progress::Failed;
    }
};

TlsClient::TlsClient(void* session) : state_(std::make_unique<State>()) {
    state_->session.reset(static_cast<SSL*>(session));
}

TlsClient::~TlsClient() = default;
TlsClient::TlsClient(TlsClient&&) noexcept = default;
TlsClient& TlsClient::operator=(TlsClient&&) noexcept = default;

bool TlsClient::feed(std::string_view ciphertext) {
    ERR_clear_error();
    const int size = clamp(ciphertext.size());
    return BIO_write(SSL_get_rbio(state_->session.get()), ciphertext.data(), size) == size;
}

std::string TlsClient::take_output() {
    ERR_clear_error();
    BIO* out = SSL_get_wbio(state_->session.get());
    std::string ciphertext(BIO_ctrl_pending(out), '\0');
    if (!ciphertext.empty()) {
        const int got = BIO_read(out, ciphertext.data(), clamp(ciphertext.size()));
        ciphertext.resize(static_cast<std::size_t>(std::max(got, 0)));
    }
    return ciphertext;
}

TlsClient::Progress TlsClient::handshake() {
    ERR_clear_error();
    return state_->progress(SSL_do_handshake(state_->session.get()));
}

TlsClient::Progress TlsClient::read(std::string& plaintext) {
    std::array<char, 16384> buffer{};  // a record holds no more
    ERR_clear_error();
    const int got = SSL_read(state_->session.get(), buffer.data(), clamp(buffer.size()));
    if (got > 0) plaintext.append(buffer.data(), static_cast<std::size_t>(got));
    return state_->progress(got);
}

TlsClient::Progress TlsClient::write(std::string_view plaintext) {
    if (plaintext.empty()) return Progress::Done;
    ERR_clear_error();
    return state_->progress(
        SSL_write(state_->session.get(), plaintext.data(), clamp(plaintext.size())));
}

}  // namespace postern::relay
