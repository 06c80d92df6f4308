#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/auth/arc/signed_message.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/spool/spool.hpp"
#include "gateway/transaction/visit.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::transaction {

/// One message from MAIL to its last reply. Owned by whoever works on it now: the dialogue on its
/// reactor, or a job on a decision thread while its answer is due. Never by both.
struct Mail {
    Mail(std::shared_ptr<Visit> from, const relay::Envelope& begun);

    quarantine::QuarantineId id = quarantine::QuarantineId::make();
    std::shared_ptr<Visit> visit;  ///< jobs read only what does not change any more
    checks::Facts facts;           ///< the client's as they were at MAIL, and this message's own
    checks::Heard heard;           ///< likewise
    dns::Inquiry inquiry;          ///< of this message
    std::string tls;               ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
    std::optional<net::TlsFacts> tls_facts;
    relay::Envelope envelope;
    bool per_recipient = false;                ///< the client asked for PRDR
    std::vector<relay::Recipient> recipients;  ///< accepted by the next hop
    std::optional<relay::Delivery> delivery;   ///< open at the next hop since the first RCPT
    /// What sender authentication and signing see of the message while it comes. For our
    /// own machines it is there only when we sign.
    std::optional<auth::arc::SignedMessage> signed_message;
    std::optional<auth::dmarc::Evaluation> evaluation;  ///< only when it is to be reported
    std::optional<spool::Incoming> incoming;  ///< while DATA comes; shows it to signed_message
    std::optional<spool::Sealed> message;     ///< afterwards

    /// Opens the spool. Called once, when the message begins to come.
    void receive();

    [[nodiscard]] std::string reverse_path() const {
        return mail::path_text(envelope.reverse_path);
    }
    [[nodiscard]] std::vector<std::string> forward_paths() const;
    [[nodiscard]] const std::string& helo() const { return facts.helo->argument; }
    [[nodiscard]] std::string client_ip() const { return facts.connection.client.text(); }
};

/// Negative replies and the log line of a recipient or sender that was refused.
void log_refusal(const Mail& mail, std::string_view event, const std::string& forward_path,
                 std::string_view check, const smtp::Reply& reply);

}  // namespace postern::transaction
