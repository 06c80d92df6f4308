#pragma once

/// @file What is known of a mail, growing from stage to stage. Checks read it and write nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::checks {

struct ConnectionFacts {
    mail::IpAddress client;  ///< after PROXY and XCLIENT
    std::uint16_t port = 0;
    std::string hostname = {};                    ///< ours
    std::optional<mail::IpAddress> local = {};    ///< the address of ours that the client came to
    auth::Iprev iprev = {};                       ///< reverse name; None: nobody looked yet
    std::vector<std::string> reverse_names = {};  ///< PTR, whether they lead back or not
    bool early_talker = false;                    ///< spoke before our banner
    bool trusted = false;  ///< local allow list: spam checks are skipped, never malware's
};

struct HeloFacts {
    std::string argument;  ///< as the client said it, printable ASCII
    bool extended = false;
    std::string tls;  ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
};

struct SenderFacts {
    mail::ReversePath reverse_path;
    std::uint64_t declared_size = 0;
    bool smtputf8 = false;
};

struct RecipientFacts {
    mail::Mailbox forward_path;
    std::size_t accepted = 0;  ///< recipients of this message accepted before
};

struct MessageFacts {
    std::string header;  ///< the header block with its empty line
    std::uint64_t size = 0;
    std::vector<mail::Mailbox> recipients;
    const analyzers::Report* report = nullptr;  ///< what the jail said; null before it has
    auth::Results auth;
};

/// Later stages' members are empty until then; on_message has all but `recipient`.
struct Facts {
    ConnectionFacts connection;
    std::optional<HeloFacts> helo;
    std::optional<SenderFacts> sender;
    std::optional<RecipientFacts> recipient;
    std::optional<MessageFacts> message;
};

}  // namespace postern::checks
