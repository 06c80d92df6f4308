#pragma once

#include <string>

#include "analyzers/base/outcome.hpp"

namespace postern::cli {

struct CertificateFiles {
    std::string certificate;  ///< PEM
    std::string key;          ///< PEM, mode 0600
};

/// Makes a self-signed ECDSA P-256 certificate for `hostname` (and localhost, 127.0.0.1, ::1),
/// valid for ten years, unless both files are there already. The failure is a sentence.
[[nodiscard]] Outcome<CertificateFiles, std::string> ensure_certificate(
    const std::string& folder, const std::string& name, const std::string& hostname);

}  // namespace postern::cli
