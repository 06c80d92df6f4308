#pragma once

/// @file The header fields the gateway puts on top of what it delivers. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/net/dialogue.hpp"
#include "gateway/verdict/verdict.hpp"

namespace postern::transaction {

struct TraceFacts {
    std::string hostname;  ///< ours
    std::string helo;      ///< as the client said it; filtered here
    std::string client_ip;
    std::string client_name;   ///< verified reverse name; empty: none, or unknown
    std::string id;            ///< of the message
    std::string forward_path;  ///< empty when there are several: RFC 5321 7.2 asks for discretion
    std::optional<net::TlsFacts> tls;
    bool esmtp = true;
    bool smtputf8 = false;
    std::int64_t time = 0;  ///< seconds since 1970, UTC
};

/// Received (RFC 5321 4.4, with-protocols of RFC 3848 and RFC 6531), with what TLS was used and
/// whose certificate the client showed. Ends in CRLF, lines under 998.
[[nodiscard]] std::string received_field(const TraceFacts& facts);

/// X-Postern-Verdict: action; class=...; score=...; id=...; codes=...
[[nodiscard]] std::string verdict_field(const verdict::Judgement& judgement, verdict::Action action,
                                        const std::string& id);

}  // namespace postern::transaction
