#pragma once

/// @file When a domain hears of one failed message (RFC 9989 4.7 fo, RFC 9991), and what of. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/dmarc/evaluate.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/mail/header_block.hpp"

namespace postern::auth::dmarc {

/// What did not succeed. A look-up that failed is no failure of the message.
struct Failures {
    bool dkim = false;       ///< no signature gave an aligned pass
    bool spf = false;        ///< nor did SPF
    bool signature = false;  ///< a signature is wrong, whatever its domain
    bool sender = false;     ///< SPF says no, whatever the domain

    friend bool operator==(const Failures&, const Failures&) = default;
};
[[nodiscard]] Failures failures_of(const Evaluation& evaluation, const Results& results);

/// What failed, where the record asks for a report of it; nullopt: nobody is to be told.
[[nodiscard]] std::optional<Failures> failures_to_report(const Evaluation& evaluation,
                                                         const Results& results);

/// A report, a bounce, an automatic answer: what is never answered with a report, so that two
/// reporters do not write to each other for ever.
[[nodiscard]] bool is_automatic(std::string_view reverse_path, const mail::HeaderBlock& header);

/// As many whole fields as `most` bytes hold.
struct HeaderCopy {
    std::string block;  ///< without the empty line
    bool cut = false;
};
[[nodiscard]] HeaderCopy header_copy(std::string_view block, std::size_t most);

/// Delivery-Result (RFC 6591 3.2.2), as far as the client could see it: "delivered" says nothing of
/// where to, so that nobody learns from a report what was held as spam.
enum class DeliveryResult : std::uint8_t { Delivered, Policy, Reject };

/// All that is known of the message when its fate is decided.
struct FailedMessage {
    std::string id;  ///< ours; not told
    std::string policy_domain;
    std::vector<std::string> ruf;
    Failures failures;
    Results results;  ///< with dmarc
    std::string client_ip;
    std::string helo;
    std::string reverse_path;
    std::vector<std::string> recipients;  ///< of the envelope; not told
    DeliveryResult delivery = DeliveryResult::Delivered;
    std::int64_t arrival = 0;  ///< seconds since 1970
    HeaderCopy header;
};

/// The signature that a report names: one that is wrong, of the author's organization where there
/// is one. nullptr: none is wrong.
[[nodiscard]] const Dkim* wrong_signature(const Results& results);

}  // namespace postern::auth::dmarc
