#include "gateway/control/certificates.hpp"

#include <nlohmann/json.hpp>

namespace postern::control {

std::string to_document(const CertificateSet& set) {
    nlohmann::json document = {{"identities", nlohmann::json::array()},
                               {"client_ca", set.client_ca}};
    for (const Identity& each : set.identities) {
        document["identities"].push_back(
            {{"certificate", each.certificate}, {"key", each.key}, {"origin", each.origin}});
    }
    // A file that is no text is no PEM either: whoever loads it says so.
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<CertificateSet> from_document(std::string_view document) {
    try {
        const nlohmann::json parsed = nlohmann::json::parse(document);
        CertificateSet set;
        set.client_ca = parsed.at("client_ca").get<std::string>();
        for (const nlohmann::json& each : parsed.at("identities")) {
            set.identities.push_back({each.at("certificate").get<std::string>(),
                                      each.at("key").get<std::string>(),
                                      each.at("origin").get<std::string>()});
        }
        return set;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

}  // namespace postern::control
