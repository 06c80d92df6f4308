#pragma once

/// @file OpenSSL objects that free themselves. Private to the two files that hold keys.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string>
#include <string_view>

namespace postern::auth::dkim {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using Stream = std::unique_ptr<BIO, Freer<BIO_free_all>>;

/// An error left in the queue would end somebody else's TLS session on this thread.
class CleanErrors {
public:
    CleanErrors() = default;
    ~CleanErrors() { ERR_clear_error(); }
    CleanErrors(const CleanErrors&) = delete;
    CleanErrors& operator=(const CleanErrors&) = delete;
    CleanErrors(CleanErrors&&) = delete;
    CleanErrors& operator=(CleanErrors&&) = delete;
};

inline const unsigned char* bytes_of(std::string_view text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}
inline unsigned char* writable_bytes_of(std::string& text) {
    return static_cast<unsigned char*>(static_cast<void*>(text.data()));
}

/// Fetched once.
inline const EVP_MD* rsa_digest() {
    static const std::unique_ptr<EVP_MD, Freer<EVP_MD_free>> fetched(
        EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
    return fetched.get();
}

}  // namespace postern::auth::dkim
