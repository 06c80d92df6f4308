#pragma once

/// @file One DNS list (RFC 5782): what to ask and what an answer means. Nothing is sent here.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/dns/inquiry.hpp"
#include "gateway/mail/ip_address.hpp"
#include "gateway/reputation/listing.hpp"
#include "gateway/settings/lists.hpp"

namespace postern::reputation {

using settings::DnsList;

/// What is looked up: an address, or a host with its registrable domain.
struct HostSubject {
    std::string host;         ///< as ascii_host() writes it
    std::string registrable;  ///< empty: it has none, only the host is asked for
};
using SubjectValue = std::variant<mail::IpAddress, HostSubject>;
struct Subject {
    ListSubject use = ListSubject::Client;
    SubjectValue value;

    [[nodiscard]] std::string text() const;
};

/// The names to ask `list` for; empty: this list is not for such a subject.
[[nodiscard]] std::vector<std::string> list_questions(const DnsList& list, const Subject& subject);

enum class Meaning : std::uint8_t { NotListed, Listed, Unknown };
/// What an answer to an A question means. An address outside 127.0.0.0/8, one of 127.255.255.0/24
/// or one of the list's error codes makes all of it Unknown. Addresses without a code are ignored.
/// Where several codes match, the strongest counts.
struct Reading {
    Meaning meaning = Meaning::NotListed;
    double weight = 0;
    std::string value;   ///< addresses that counted, "127.0.0.2 127.0.0.4"
    std::string reason;  ///< of the codes
    std::string why;     ///< of Unknown
};
[[nodiscard]] Reading read_answer(const DnsList& list, const dns::Answer& answer);

/// The words of a list for a listing, from its TXT answer; empty: none.
[[nodiscard]] std::string read_reason(const dns::Answer& answer);

/// A name that must or must not be listed (RFC 5782 5), and one more that nobody lists: other ones
/// at each `round`, so that no cache knows the answer.
struct TestPoint {
    std::string name;
    bool listed = false;
};
[[nodiscard]] std::vector<TestPoint> test_points(const DnsList& list, std::uint64_t round);

}  // namespace postern::reputation
