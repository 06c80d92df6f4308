#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>

#include "analyzers/base/ascii.hpp"
#include "gateway/net/tls_state.hpp"

namespace postern::net {
namespace {

constexpr std::size_t kMaxName = 512;
constexpr std::size_t kMaxServerName = 255;

struct BioFree {
    void operator()(BIO* text) const { BIO_free(text); }
};
struct CertificateFree {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, BioFree> out(BIO_new(BIO_s_mem()));
    // Without ASN1_STRFLGS_UTF8_CONVERT: what is not ASCII is escaped.
    if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    std::array<char, kMaxName> buffer{};
    const int got = BIO_read(out.get(), buffer.data(), static_cast<int>(buffer.size()));
    std::string text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    for (char& c : text) {
        if (c < ' ' || c > '~') c = '?';
    }
    return text;
}

std::string fingerprint_of(const X509* certificate) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += kHex[digest.at(i) >> 4U];
        text += kHex[digest.at(i) & 15U];
    }
    return text;
}

std::optional<ClientCertificate> certificate_of(const SSL* session) {
    const std::unique_ptr<X509, CertificateFree> shown(SSL_get1_peer_certificate(session));
    if (!shown) return std::nullopt;
    const long result = SSL_get_verify_result(session);
    ClientCertificate facts;
    facts.subject = text_of(X509_get_subject_name(shown.get()));
    facts.issuer = text_of(X509_get_issuer_name(shown.get()));
    facts.fingerprint = fingerprint_of(shown.get());
    facts.verified = result == X509_V_OK;
    if (!facts.verified) facts.problem = X509_verify_cert_error_string(result);
    return facts;
}

/// What a client says it came for, if it can be a host name at all.
std::string server_name_of(const SSL* session) {
    const char* said = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    const std::string_view name = said == nullptr ? "" : said;
    if (name.size() > kMaxServerName) return {};
    for (const char c : name) {
        if (!ascii_alnum(c) && c != '-' && c != '.' && c != '_') return {};
    }
    return ascii_lower(name);
}

}  // namespace

TlsFacts facts_of(const SSL* session) {
    TlsFacts facts;
    facts.protocol = SSL_get_version(session);
    facts.cipher = SSL_get_cipher_name(session);
    facts.bits = SSL_CIPHER_get_bits(SSL_get_current_cipher(session), nullptr);
    facts.server_name = server_name_of(session);
    facts.certificate = certificate_of(session);
    facts.resumed = SSL_session_reused(session) == 1;
    ERR_clear_error();
    return facts;
}

}  // namespace postern::net
