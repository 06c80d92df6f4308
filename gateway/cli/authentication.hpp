#pragma once

/// @file Sender authentication for commands: the gateway's own code over an envelope from options.

#include <memory>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/authenticator.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/dns/resolver.hpp"

namespace postern::cli {

/// --ip --helo --from --to --tls --time.
[[nodiscard]] std::vector<Option> envelope_options();

class Authentication {
public:
    /// Throws UsageError when --ip is no address or --time no time, and std::exception when there
    /// is no resolver to be had.
    Authentication(const Arguments& arguments, const Context& context);

    /// SPF alone. What was not checked is there, with "none" as result.
    [[nodiscard]] auth::Results envelope() const;
    /// All of it. Reads the descriptor from its current offset to its end; the failure is a
    /// sentence.
    [[nodiscard]] Outcome<auth::Results, std::string> message(int file) const;

    [[nodiscard]] const auth::Sender& sender() const { return sender_; }

private:
    const settings::Settings& settings_;
    const auth::Sender sender_;
    const std::unique_ptr<dns::Resolver> resolver_;
    const auth::Authenticator authenticator_;
};

}  // namespace postern::cli
