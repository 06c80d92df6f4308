#include "tests/gateway/relay/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

namespace postern::testing_support {
namespace {

void demand(bool done, const char* what) {
    if (!done) throw std::runtime_error(what);
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
    demand(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

std::string sha256(const std::string& bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    demand(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1,
           "digest");
    return {digest.begin(), digest.begin() + size};
}

}  // namespace

Identity make_identity(const Wanted& wanted, const Identity* issuer) {
    Identity made{std::unique_ptr<EVP_PKEY, FreeOpenSsl>(EVP_EC_gen("P-256")),
                  std::unique_ptr<X509, FreeOpenSsl>(X509_new())};
    X509* certificate = made.certificate.get();
    demand(made.key && certificate != nullptr, "certificate");
    static long serial = 0;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -1'000'000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.valid_for);
    X509_set_pubkey(certificate, made.key.get());
    const void* name = wanted.name.data();
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               static_cast<const unsigned char*>(name),
                               static_cast<int>(wanted.name.size()), -1, 0);
    X509* by = issuer == nullptr ? certificate : issuer->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(by));
    extend(certificate, by, NID_basic_constraints,
           wanted.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!wanted.subject.empty()) extend(certificate, by, NID_subject_alt_name, wanted.subject);
    EVP_PKEY* key = issuer == nullptr ? made.key.get() : issuer->key.get();
    demand(X509_sign(certificate, key, EVP_sha256()) != 0, "signature");
    return made;
}

std::string pem(const Identity& identity) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    demand(PEM_write_bio_X509(memory.get(), identity.certificate.get()) == 1, "PEM");
    std::string text(BIO_ctrl_pending(memory.get()), '\0');
    demand(BIO_read(memory.get(), text.data(), static_cast<int>(text.size())) > 0, "PEM");
    return text;
}

std::string der(const X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    demand(size > 0, "DER");
    std::string text(bytes, bytes + size);
    OPENSSL_free(bytes);
    return text;
}

std::string certificate_digest(const X509* certificate) {
    return sha256(der(certificate));
}

std::string key_digest(const X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
    demand(size > 0, "SPKI");
    const std::string text(bytes, bytes + size);
    OPENSSL_free(bytes);
    return sha256(text);
}

std::unique_ptr<X509, FreeOpenSsl> read_certificate(const std::string& path) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
    demand(file != nullptr, "no certificate file");
    std::unique_ptr<X509, FreeOpenSsl> read(
        PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
    demand(read != nullptr, "no certificate");
    return read;
}

bool handshake(relay::TlsClient& client, const Identity& identity, const Identity* chain) {
    const std::unique_ptr<SSL_CTX, FreeOpenSsl> context(SSL_CTX_new(TLS_server_method()));
    demand(SSL_CTX_use_certificate(context.get(), identity.certificate.get()) == 1, "certificate");
    demand(SSL_CTX_use_PrivateKey(context.get(), identity.key.get()) == 1, "key");
    if (chain != nullptr) {
        X509_up_ref(chain->certificate.get());
        demand(SSL_CTX_ctrl(context.get(), SSL_CTRL_EXTRA_CHAIN_CERT, 0,
                            chain->certificate.get()) == 1,
               "chain");
    }
    const std::unique_ptr<SSL, FreeOpenSsl> server(SSL_new(context.get()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(server.get(), in, out);
    SSL_set_accept_state(server.get());
    bool served = false;
    for (int round = 0; round < 20; ++round) {
        const auto progress = client.handshake();
        const std::string bytes = client.take_output();
        if (!bytes.empty())
            demand(BIO_write(in, bytes.data(), static_cast<int>(bytes.size())) > 0, "write");
        if (progress == relay::TlsClient::Progress::Failed) return false;
        served = served || SSL_do_handshake(server.get()) == 1;
        std::string answer(BIO_ctrl_pending(out), '\0');
        if (!answer.empty()) {
            demand(BIO_read(out, answer.data(), static_cast<int>(answer.size())) > 0, "read");
            demand(client.feed(answer), "feed");
        }
        if (progress == relay::TlsClient::Progress::Done) return served;
    }
    return false;
}

}  // namespace postern::testing_support
