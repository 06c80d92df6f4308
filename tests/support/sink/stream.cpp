#include "tests/support/sink/stream.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace postern::sink {
namespace {

constexpr std::size_t kLongestLine = std::size_t{64} << 20;

}  // namespace

TlsContext self_signed() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    TlsContext context(SSL_CTX_new(TLS_server_method()));
    if (!key || !certificate || !context) throw std::runtime_error("cannot make a certificate");
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * 365);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const std::string host = "sink.test";
    const void* text = host.data();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, static_cast<const unsigned char*>(text),
                               static_cast<int>(host.size()), -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0 ||
        SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
        throw std::runtime_error("cannot sign a certificate");
    }
    return context;
}

void write_certificate(SSL_CTX* context, const std::string& path) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "w"), BIO_free);
    if (!file || PEM_write_bio_X509(file.get(), SSL_CTX_get0_certificate(context)) != 1) {
        throw std::runtime_error("cannot write " + path);
    }
}

bool Stream::fill() {
    std::array<char, 16384> buffer{};
    const ssize_t got =
        session_ ? SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()))
                 : ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    input_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> Stream::line() {
    std::size_t searched = 0;
    for (;;) {
        const std::size_t end = input_.find("\r\n", searched);
        if (end != std::string::npos) {
            std::string line = input_.substr(0, end);
            input_.erase(0, end + 2);
            return line;
        }
        searched = input_.empty() ? 0 : input_.size() - 1;
        if (input_.size() > kLongestLine || !fill()) return std::nullopt;
    }
}

bool Stream::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent =
            session_ ? SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()))
                     : ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Stream::start_tls(SSL_CTX* context) {
    input_.clear();
    session_.reset(SSL_new(context));
    return session_ && SSL_set_fd(session_.get(), descriptor_.get()) == 1 &&
           SSL_accept(session_.get()) == 1;
}

}  // namespace postern::sink
