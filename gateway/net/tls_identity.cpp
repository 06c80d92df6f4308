#include "gateway/net/tls_identity.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <climits>
#include <fstream>
#include <memory>
#include <sstream>

namespace postern::net {
namespace {

struct BioFree {
    void operator()(BIO* text) const { BIO_free(text); }
};
struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFree {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Text = std::unique_ptr<BIO, BioFree>;
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using Certificate = std::unique_ptr<X509, CertificateFree>;

/// A key that wants a passphrase cannot be used by a service: nobody is there to type it.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

/// `text` has to outlive it.
Text reader(const std::string& text) {
    if (text.size() > INT_MAX) return nullptr;
    return Text(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate next_certificate(BIO* text) {
    return Certificate(PEM_read_bio_X509(text, nullptr, no_passphrase, nullptr));
}

}  // namespace

std::string tls_error(const std::string& what) {
    std::array<char, 256> words{};
    const unsigned long number = ERR_peek_last_error();
    ERR_error_string_n(number, words.data(), words.size());
    ERR_clear_error();
    return what + (number == 0 ? "" : std::string(": ") + words.data());
}

Outcome<bool, std::string> use_identity(SSL_CTX* context, const TlsIdentity& identity) {
    ERR_clear_error();
    const Text certificates = reader(identity.certificate);
    const Certificate leaf = certificates ? next_certificate(certificates.get()) : nullptr;
    if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
        return Failure{tls_error("cannot use certificate " + identity.origin)};
    }
    while (const Certificate issuer = next_certificate(certificates.get())) {
        if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) {
            return Failure{tls_error("cannot use the chain of certificate " + identity.origin)};
        }
    }
    ERR_clear_error();  // the end of the text counts as an error
    const Text key_text = reader(identity.key);
    const Key key(key_text
                      ? PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_passphrase, nullptr)
                      : nullptr);
    if (!key) return Failure{tls_error("cannot read the key of certificate " + identity.origin)};
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return Failure{tls_error("the key does not belong to certificate " + identity.origin)};
    }
    return true;
}

Outcome<bool, std::string> use_self_signed(SSL_CTX* context, const std::string& hostname) {
    constexpr long kTenYears = 10L * 365 * 24 * 3600;
    constexpr long kYesterday = -24L * 3600;  // for clients whose clock is late
    ERR_clear_error();
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    X509* made = certificate.get();
    const std::string name = hostname.substr(0, 64);  // ub-common-name, RFC 5280 appendix A
    const bool well =
        key && certificate &&
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(made), "CN", MBSTRING_UTF8,
            std::basic_string<unsigned char>(name.begin(), name.end()).c_str(), -1, -1, 0) == 1 &&
        X509_set_version(made, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1) == 1 &&
        X509_set_issuer_name(made, X509_get_subject_name(made)) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(made), kYesterday) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(made), kTenYears) != nullptr &&
        X509_set_pubkey(made, key.get()) == 1 && X509_sign(made, key.get(), EVP_sha256()) > 0 &&
        SSL_CTX_use_certificate(context, made) == 1 &&
        SSL_CTX_use_PrivateKey(context, key.get()) == 1;
    if (!well) return Failure{tls_error("cannot make a certificate for " + hostname)};
    return true;
}

Outcome<bool, std::string> use_client_ca(SSL_CTX* context, const std::string& pem) {
    ERR_clear_error();
    const Text text = reader(pem);
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    std::size_t taken = 0;
    while (const Certificate ca = text ? next_certificate(text.get()) : nullptr) {
        if (X509_STORE_add_cert(store, ca.get()) != 1) break;
        ++taken;
    }
    if (taken == 0) return Failure{tls_error("no certificate in smtp.tls.client_ca")};
    ERR_clear_error();
    return true;
}

Outcome<TlsIdentity, std::string> read_identity(const std::string& certificate,
                                                const std::string& key) {
    TlsIdentity identity;
    identity.origin = certificate;
    const std::pair<const std::string*, std::string*> parts[] = {
        {&certificate, &identity.certificate}, {&key, &identity.key}};
    for (const auto& [path, text] : parts) {
        std::ifstream in(*path, std::ios::binary);
        std::ostringstream content;
        content << in.rdbuf();
        if (!in || content.str().empty()) return Failure{"cannot read " + *path};
        *text = content.str();
    }
    return identity;
}

}  // namespace postern::net
