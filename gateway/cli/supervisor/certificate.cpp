#include "gateway/cli/supervisor/certificate.hpp"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "analyzers/base/unique_fd.hpp"

namespace postern::cli {
namespace {

constexpr long kTenYears = 3653L * 24 * 3600;

template <class T, void (*Free)(T*)>
struct Freed {
    void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION, X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

bool add_extension(X509* certificate, int id, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Certificate self_signed(EVP_PKEY* key, const std::string& hostname) {
    Certificate certificate(X509_new());
    std::uint64_t serial = 0;
    if (::getentropy(&serial, sizeof serial) != 0) return nullptr;
    X509* x = certificate.get();
    X509_NAME* name = X509_get_subject_name(x);
    const bool made = X509_set_version(x, 2) == 1 &&
                      ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1U) == 1 &&
                      X509_gmtime_adj(X509_getm_notBefore(x), -3600) != nullptr &&
                      X509_gmtime_adj(X509_getm_notAfter(x), kTenYears) != nullptr &&
                      X509_set_pubkey(x, key) == 1 &&
                      X509_NAME_add_entry_by_NID(
                          name, NID_organizationName, MBSTRING_UTF8,
                          // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
                          reinterpret_cast<const unsigned char*>("Postern"), -1, -1, 0) == 1 &&
                      X509_set_issuer_name(x, name) == 1 &&
                      add_extension(x, NID_subject_alt_name,
                                    "DNS:" + hostname + ",DNS:localhost,IP:127.0.0.1,IP:::1") &&
                      add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
                      X509_sign(x, key, EVP_sha256()) > 0;
    return made ? std::move(certificate) : nullptr;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// Writes beside the target and renames: a half-written key is never in force.
bool write_file(const std::string& path, const std::string& content, mode_t mode) {
    const std::string fresh = path + ".new";
    const UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file || ::fchmod(file.get(), mode) != 0) return false;
    const auto size = static_cast<ssize_t>(content.size());
    return ::write(file.get(), content.data(), content.size()) == size &&
           ::fsync(file.get()) == 0 && ::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

Outcome<CertificateFiles, std::string> ensure_certificate(const std::string& folder,
                                                          const std::string& name,
                                                          const std::string& hostname) {
    const CertificateFiles files{folder + "/" + name + "-certificate.pem",
                                 folder + "/" + name + "-key.pem"};
    if (std::filesystem::exists(files.certificate) && std::filesystem::exists(files.key)) {
        return files;
    }
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = key ? self_signed(key.get(), hostname) : nullptr;
    const Bio certificate_text(BIO_new(BIO_s_mem()));
    const Bio key_text(BIO_new(BIO_s_mem()));
    if (!certificate || PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
        PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) != 1) {
        return Failure{std::string("OpenSSL could not make a certificate for ") + hostname};
    }
    if (!write_file(files.key, text_of(key_text.get()), 0600) ||
        !write_file(files.certificate, text_of(certificate_text.get()), 0644)) {
        return Failure{"cannot write " + files.certificate + ": " + std::strerror(errno)};
    }
    return files;
}

}  // namespace postern::cli
