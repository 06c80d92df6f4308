#pragma once

/// @file Certificates and keys on their way from the supervisor, which may read them, to
/// postern-gatewayd, which may not: a memory file.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::control {

struct Identity {
    std::string certificate;  ///< PEM text with its chain
    std::string key;          ///< PEM text
    std::string origin;       ///< file names, for messages
};

struct CertificateSet {
    std::vector<Identity> identities;  ///< the first one is for clients that name no server
    std::string client_ca = {};        ///< PEM text; empty: none
};

[[nodiscard]] std::string to_document(const CertificateSet& set);
/// nullopt: no such document.
[[nodiscard]] std::optional<CertificateSet> from_document(std::string_view document);

}  // namespace postern::control
