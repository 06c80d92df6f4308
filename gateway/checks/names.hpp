#pragma once

/// @file What checks want to know of names: their addresses, an address's names, and how a name
/// looks. "Could not tell" is an answer of its own everywhere.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/results.hpp"
#include "gateway/checks/facts.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::checks {

enum class Existence : std::uint8_t { Found, None, Unknown };

struct Addresses {
    Existence existence = Existence::Unknown;
    std::vector<mail::IpAddress> list;
    std::string detail;  ///< when Unknown
};

/// Asks for A and AAAA records of `name`; never blocks.
void ask_addresses(dns::Inquiry& inquiry, const std::string& name);
/// Waits for them. Found when there is one; None only when both questions were answered.
[[nodiscard]] Addresses addresses_of(dns::Inquiry& inquiry, const std::string& name);

/// Reverse names of an address, and whether one leads back (RFC 8601 3: iprev).
struct ClientName {
    auth::Iprev iprev;
    std::vector<std::string> reverse_names;  ///< at most kMaxReverseNames
};
inline constexpr std::size_t kMaxReverseNames = 10;

void ask_client_name(dns::Inquiry& inquiry, const mail::IpAddress& client);
/// Never blocks: asks what can be asked by now; true when client_name() would not wait.
[[nodiscard]] bool client_name_ready(dns::Inquiry& inquiry, const mail::IpAddress& client);
[[nodiscard]] ClientName client_name(dns::Inquiry& inquiry, const mail::IpAddress& client);
/// The same where somebody has looked already, or a listed proxy has said it: without a question.
[[nodiscard]] ClientName client_name(dns::Inquiry& inquiry, const ConnectionFacts& connection);

/// Why `name` looks like one of many made by a provider for its lines: it holds the address, or
/// words like "dynamic". nullopt: it does not.
[[nodiscard]] std::optional<std::string> generic_trait(std::string_view name,
                                                       const mail::IpAddress& client);

/// "example.org" is itself; ".example.org" is everything below it. Any case.
[[nodiscard]] bool domain_matches(std::string_view pattern, std::string_view domain);

/// Nobody on the Internet can be reached there: loopback, private, link-local, unspecified,
/// multicast, documentation and benchmarking (RFC 6890).
[[nodiscard]] bool is_bogus(const mail::IpAddress& address);

}  // namespace postern::checks
