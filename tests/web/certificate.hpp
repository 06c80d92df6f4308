#pragma once

#include <string>

namespace postern::web_tests {

struct Certificate {
    std::string certificate;  ///< PEM
    std::string key;          ///< PEM
};

/// A fresh self-signed ECDSA P-256 certificate for localhost. Aborts when OpenSSL cannot.
[[nodiscard]] Certificate make_certificate();

}  // namespace postern::web_tests
