#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/mail/address.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/spool/spool.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::transaction {

/// What is known of the client when its message begins.
struct ClientSide {
    std::string address;
    std::string helo;
    bool extended = false;  ///< EHLO
    std::string tls;        ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
    std::uint64_t connection = 0;
};

/// One message from MAIL to its last reply. Owned by whoever works on it now: the dialogue on its
/// reactor, or a job on a decision thread while its answer is due. Never by both.
struct Mail {
    explicit Mail(quarantine::QuarantineId message_id) : id(std::move(message_id)) {}

    quarantine::QuarantineId id;
    ClientSide client;
    relay::Envelope envelope;
    std::vector<mail::Mailbox> recipients;    ///< accepted by the next hop
    std::optional<relay::Delivery> delivery;  ///< open at the next hop since the first RCPT
    std::optional<spool::Incoming> incoming;  ///< while DATA comes
    std::optional<spool::Sealed> message;     ///< afterwards

    [[nodiscard]] std::string reverse_path() const {
        return mail::path_text(envelope.reverse_path);
    }
    [[nodiscard]] std::vector<std::string> forward_paths() const {
        std::vector<std::string> paths;
        for (const mail::Mailbox& each : recipients) paths.push_back(each.text());
        return paths;
    }
};

}  // namespace postern::transaction
