#include "gateway/relay/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <stdexcept>

namespace postern::relay {
namespace {

constexpr int kChainDepth = 9;

/// OpenSSL takes lengths as int.
int clamp(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

struct FreeSsl {
    void operator()(SSL* session) const { SSL_free(session); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};

/// The reason of the oldest error of this thread; clears them all.
std::string take_error() {
    const unsigned long code = ERR_get_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    std::string text = reason == nullptr ? "no reason told" : reason;
    ERR_clear_error();
    return text;
}

void demand(bool done, const std::string& what) {
    if (!done) throw std::runtime_error("next hop TLS: " + what + ": " + take_error());
}

bool is_address(const std::string& host) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
    ASN1_OCTET_STRING_free(address);
    return address != nullptr;
}

/// Any of `names` will do. At most one of them is an address: it is the configured host then.
void expect_names(SSL* session, const std::vector<std::string>& names) {
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (const std::string& name : names) {
        const int set = is_address(name)
                            ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str())
                            : SSL_add1_host(session, name.c_str());
        demand(set == 1, "cannot verify the name " + name);
    }
}

void expect_tlsa(SSL* session, const TlsProof& proof) {
    demand(SSL_dane_enable(session, proof.server_name.c_str()) == 1, "DANE");
    // RFC 7672 3.1.1: DANE-EE binds the key to the name by itself.
    SSL_dane_set_flags(session, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    for (const dns::TlsaRecord& record : proof.tlsa) {
        const std::vector<std::uint8_t> data(record.data.begin(), record.data.end());
        // 0: of no use, e.g. a full certificate that cannot be parsed. The others may do.
        (void)SSL_dane_tlsa_add(session, record.usage, record.selector, record.matching,
                                data.data(), data.size());
        ERR_clear_error();
    }
}

std::string sha256(const std::uint8_t* der, int size) {
    if (der == nullptr || size <= 0) return {};
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &length, EVP_sha256(),
                   nullptr) != 1) {
        return {};
    }
    return {digest.begin(), digest.begin() + length};
}

/// Of the server's own certificate, and of the key in it.
std::array<std::string, 2> fingerprints(SSL* session) {
    const std::unique_ptr<X509, FreeSsl> certificate(SSL_get1_peer_certificate(session));
    if (!certificate) return {};
    std::uint8_t* whole = nullptr;
    const int whole_size = i2d_X509(certificate.get(), &whole);
    std::uint8_t* key = nullptr;
    const int key_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &key);
    std::array<std::string, 2> both{sha256(whole, whole_size), sha256(key, key_size)};
    OPENSSL_free(whole);
    OPENSSL_free(key);
    return both;
}

bool pinned(SSL* session, const std::vector<std::string>& pins) {
    const auto own = fingerprints(session);
    return std::any_of(pins.begin(), pins.end(), [&](const std::string& pin) {
        return !pin.empty() && (pin == own[0] || pin == own[1]);
    });
}

}  // namespace

std::vector<dns::TlsaRecord> usable(const std::vector<dns::TlsaRecord>& records) {
    std::vector<dns::TlsaRecord> chosen;
    std::copy_if(records.begin(), records.end(), std::back_inserter(chosen),
                 [](const dns::TlsaRecord& record) {
                     const std::size_t size = record.data.size();
                     const bool whole = (record.matching == 0 && size > 0) ||
                                        (record.matching == 1 && size == 32) ||
                                        (record.matching == 2 && size == 64);
                     return (record.usage == 2 || record.usage == 3) && record.selector <= 1 &&
                            whole;
                 });
    return chosen;
}

struct TlsClientContext::State {
    std::unique_ptr<SSL_CTX, FreeSsl> context;
};

TlsClientContext::TlsClientContext(const std::string& trust) : state_(std::make_unique<State>()) {
    ERR_clear_error();
    state_->context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = state_->context.get();
    demand(context != nullptr, "context");
    demand(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, "protocol");
    demand(SSL_CTX_dane_enable(context) == 1, "DANE");
    SSL_CTX_set_verify_depth(context, kChainDepth);
    if (trust.empty()) {
        demand(SSL_CTX_set_default_verify_paths(context) == 1, "authorities of the system");
    } else {
        demand(SSL_CTX_load_verify_locations(context, trust.c_str(), nullptr) == 1, trust);
    }
}

TlsClientContext::~TlsClientContext() = default;

struct TlsClient::State {
    std::unique_ptr<SSL, FreeSsl> session;
    std::vector<std::string> pins = {};
    bool by_chain = false;
    bool by_pin = false;
    std::string why = {};

    [[nodiscard]] Progress progress(int result) const {
        if (result > 0) return Progress::Done;
        const bool more = SSL_get_error(session.get(), result) == SSL_ERROR_WANT_READ;
        // Leave nothing behind that another session of this thread would trip on.
        if (more) ERR_clear_error();
        return more ? Progress::NeedsInput : Progress::Failed;
    }
};

TlsClient TlsClientContext::connect(const TlsProof& proof) const {
    ERR_clear_error();
    std::unique_ptr<SSL, FreeSsl> session(SSL_new(state_->context.get()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    if (!session || in == nullptr || out == nullptr) throw std::bad_alloc();
    // An empty memory BIO means "later", not "end".
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(session.get(), in, out);
    const bool by_chain = proof.kind == TlsProof::Kind::Name || proof.kind == TlsProof::Kind::Dane;
    SSL_set_verify(session.get(), by_chain ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (proof.kind == TlsProof::Kind::Dane) expect_tlsa(session.get(), proof);
    if (by_chain) expect_names(session.get(), proof.names);
    if (!proof.server_name.empty() && !is_address(proof.server_name)) {
        std::string name = proof.server_name;  // the macro for this casts in the old style
        SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 name.data());
    }
    SSL_set_connect_state(session.get());
    auto state = std::make_unique<TlsClient::State>();
    state->session = std::move(session);
    state->by_chain = by_chain;
    state->by_pin = proof.kind == TlsProof::Kind::Pin;
    state->pins = proof.pins;
    return TlsClient(std::move(state));
}

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
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
    SSL* session = state_->session.get();
    const Progress progress = state_->progress(SSL_do_handshake(session));
    if (progress == Progress::Failed) {
        const long verified = SSL_get_verify_result(session);
        state_->why = !state_->by_chain || verified == X509_V_OK
                          ? take_error()
                          : X509_verify_cert_error_string(verified);
        ERR_clear_error();
    }
    if (progress == Progress::Done && state_->by_pin && !pinned(session, state_->pins)) {
        state_->why = "neither key nor certificate is one of the pinned";
        return Progress::Failed;
    }
    return progress;
}

const std::string& TlsClient::why() const {
    return state_->why;
}

TlsClient::Progress TlsClient::read(std::string& plaintext) {
    std::array<char, 16384> buffer{};  // a record holds no more
    ERR_clear_error();
    const int got = SSL_read(state_->session.get(), buffer.data(), clamp(buffer.size()));
    if (got > 0) plaintext.append(buffer.data(), static_cast<std::size_t>(got));
    const Progress progress = state_->progress(got);
    ERR_clear_error();
    return progress;
}

TlsClient::Progress TlsClient::write(std::string_view plaintext) {
    if (plaintext.empty()) return Progress::Done;
    ERR_clear_error();
    const Progress progress = state_->progress(
        SSL_write(state_->session.get(), plaintext.data(), clamp(plaintext.size())));
    ERR_clear_error();
    return progress;
}

}  // namespace postern::relay
