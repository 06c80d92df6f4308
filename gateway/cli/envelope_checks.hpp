#pragma once

/// @file The gateway's checks over an envelope from options, for `postern scan`.

#include <memory>
#include <optional>
#include <string>

#include "analyzers/api/report.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/checks/run.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/dns/resolver.hpp"
#include "gateway/reputation/lists.hpp"
#include "gateway/state/state.hpp"

namespace postern::cli {

/// Runs what the options give facts for: connection and HELO with --ip, the sender with --from, the
/// message always. What only a gateway sees (early talk, rates, bans, recipients at the next hop)
/// is not asked. Limits and memory are those of this command alone.
class EnvelopeChecks {
public:
    /// Throws when there is no resolver or a list cannot be used.
    EnvelopeChecks(const Arguments& arguments, const Context& context);
    ~EnvelopeChecks();
    EnvelopeChecks(const EnvelopeChecks&) = delete;
    EnvelopeChecks& operator=(const EnvelopeChecks&) = delete;

    /// `header` with its empty line. The refusal, if there is one, is what the client would hear.
    [[nodiscard]] checks::Heard run(const analyzers::Report& report, const auth::Results& auth,
                                    const std::string& header, std::uint64_t size) const;

private:
    const settings::Settings& settings_;
    checks::Plan plan_;
    std::unique_ptr<dns::Resolver> resolver_;
    std::unique_ptr<state::State> state_;
    std::unique_ptr<reputation::Lists> lists_;
    std::optional<mail::IpAddress> client_;
    std::optional<checks::HeloFacts> helo_;
    std::optional<checks::SenderFacts> sender_;
    std::vector<mail::Mailbox> recipients_;
    std::int64_t now_ = 0;
};

/// The header block at the beginning of `file`, with its empty line, line ends as on the wire; at
/// most `most` bytes.
[[nodiscard]] std::string header_of(int file, std::size_t most);

}  // namespace postern::cli
