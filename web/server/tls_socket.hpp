#pragma once

/// @file Private to this folder: includes POCO.

#include <Poco/Net/Context.h>
#include <Poco/Net/ServerSocket.h>

#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::web {

/// TLS 1.2 or later, with this certificate. The failure is a sentence.
[[nodiscard]] Outcome<Poco::Net::Context::Ptr, std::string> tls_context(
    const std::string& certificate_pem, const std::string& key_pem);

/// A listening socket that somebody else bound, whose connections speak TLS. The handshake is made
/// by whoever first reads from a connection, not by the thread that accepts.
[[nodiscard]] Poco::Net::ServerSocket tls_listener(UniqueFd listener,
                                                   const Poco::Net::Context::Ptr& context);

}  // namespace postern::web
