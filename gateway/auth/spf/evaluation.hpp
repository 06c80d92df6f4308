#pragma once

/// @file One run of check_host(): what it has used up, and the record it is in. Private.

#include <optional>
#include <string>
#include <vector>

#include "gateway/auth/spf/check.hpp"
#include "gateway/auth/spf/names.hpp"
#include "gateway/auth/spf/record.hpp"

namespace postern::auth::spf {

class Evaluation {
public:
    Evaluation(const Request& request, Sender sender, dns::Inquiry& inquiry);

    /// The result for `domain`, which is_askable(). Fills result, explanation and detail.
    [[nodiscard]] Spf run(const std::string& domain);

private:
    /// What one record says: its result, why, and the explanation that goes with a fail.
    struct Verdict {
        SpfResult result = SpfResult::None;
        std::string detail;
        std::optional<MacroString> explanation;
        std::string domain;  ///< whose record decided
    };
    /// Yes, no, or the result that ends the whole check (TempError, PermError) and why.
    struct Match {
        bool matched = false;
        std::optional<SpfResult> error;
        std::string detail;
    };
    static Match error(SpfResult result, std::string detail);

    Verdict check(const std::string& domain);
    Verdict evaluate(const Record& record, const std::string& domain);
    Verdict redirected(const Record& record, const std::string& domain);
    Match matches(const Mechanism& mechanism, const std::string& domain);
    Match matches_include(const std::string& target);
    Match matches_address(const std::string& target, const Mechanism& mechanism);
    Match matches_exchange(const std::string& target, const Mechanism& mechanism);
    Match matches_exists(const std::string& target);
    Match matches_reverse(const std::string& target);
    [[nodiscard]] bool in_network(const mail::IpAddress::Bytes& network,
                                  const Mechanism& mechanism) const;
    [[nodiscard]] bool holds_client(const dns::Answer& answer, const Mechanism& mechanism) const;

    /// Counts a term that looks something up; false: there were too many.
    bool count_term();
    /// Whether the answer tells something; else why not. Counts answers that are void.
    std::optional<Match> trouble(const dns::Answer& answer);
    [[nodiscard]] dns::RecordType address_type() const;
    /// Asks, unless the time is up.
    dns::Answer ask(const std::string& name, dns::RecordType type);

    /// Names of the client that lead back to it, in the order of the answer.
    const std::vector<std::string>& validated_names();
    [[nodiscard]] std::string validated_name(const std::string& domain);
    /// nullopt: the name cannot be asked for, so the term does not match.
    std::optional<std::string> target_of(const Mechanism& mechanism, const std::string& domain);
    [[nodiscard]] std::string macro_value(char letter, const std::string& domain);
    [[nodiscard]] std::optional<std::string> explain(const MacroString& spec,
                                                     const std::string& domain);

    const Request& request_;
    const Sender sender_;
    dns::Inquiry& inquiry_;
    unsigned terms_ = 0;
    unsigned voids_ = 0;
    std::optional<std::vector<std::string>> validated_names_;
    bool nameless_ = false;  ///< the client's address has no name at all
};

}  // namespace postern::auth::spf
