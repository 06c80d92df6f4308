#pragma once

/// @file Certificates made on the spot.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "gateway/net/tls_context.hpp"

namespace postern::net::testing_support {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

/// A certificate with its key, for `alternative_names` ("DNS:a.test,DNS:*.b.test").
struct Issued {
    std::unique_ptr<EVP_PKEY, FreeKey> key;
    std::unique_ptr<X509, FreeCertificate> certificate;

    [[nodiscard]] TlsIdentity identity(const std::string& origin = "test") const {
        TlsIdentity made;
        made.origin = origin;
        made.certificate =
            pem([this](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
        made.key = pem([this](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        return made;
    }

private:
    template <class Write>
    static std::string pem(Write&& write) {
        BIO* out = BIO_new(BIO_s_mem());
        char* data = nullptr;
        const bool well = write(out) == 1;
        const long size = BIO_get_mem_data(out, &data);
        std::string text(data, static_cast<std::size_t>(size));
        BIO_free(out);
        if (!well) throw std::runtime_error("no PEM");
        return text;
    }
};

/// Signed by `issuer`, or by itself.
inline Issued issue(const std::string& name, const std::string& alternative_names,
                    const Issued* issuer = nullptr) {
    Issued made;
    made.key.reset(EVP_EC_gen("P-256"));
    made.certificate.reset(X509_new());
    X509* raw = made.certificate.get();
    static long serial = 0;
    X509_set_version(raw, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                               std::basic_string<unsigned char>(name.begin(), name.end()).c_str(),
                               -1, -1, 0);
    X509_set_issuer_name(raw, X509_get_subject_name(issuer ? issuer->certificate.get() : raw));
    X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
    X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
    X509_set_pubkey(raw, made.key.get());
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer ? issuer->certificate.get() : raw, raw, nullptr, nullptr, 0);
    const auto extend = [&](int kind, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
        if (extension == nullptr) throw std::runtime_error("no extension");
        X509_add_ext(raw, extension, -1);
        X509_EXTENSION_free(extension);
    };
    extend(NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (issuer) extend(NID_ext_key_usage, "serverAuth");
    if (!alternative_names.empty()) extend(NID_subject_alt_name, alternative_names);
    X509_sign(raw, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
    return made;
}

}  // namespace postern::net::testing_support
