#pragma once

/// @file What sender authentication found, as values: what policy, trace fields, reports and the
/// review page are made from. Names of results are those of RFC 8601 2.7.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::auth {

enum class SpfResult : std::uint8_t { None, Neutral, Pass, Fail, SoftFail, TempError, PermError };
enum class DkimResult : std::uint8_t { Pass, Fail, Neutral, Policy, TempError, PermError };
enum class DmarcResult : std::uint8_t { None, Pass, Fail, TempError, PermError };
enum class ArcResult : std::uint8_t { None, Pass, Fail };
enum class IprevResult : std::uint8_t { None, Pass, Fail, TempError, PermError };
enum class DmarcPolicy : std::uint8_t { None, Quarantine, Reject };

[[nodiscard]] std::string_view word(SpfResult result);
[[nodiscard]] std::string_view word(DkimResult result);
[[nodiscard]] std::string_view word(DmarcResult result);
[[nodiscard]] std::string_view word(ArcResult result);
[[nodiscard]] std::string_view word(IprevResult result);
[[nodiscard]] std::string_view word(DmarcPolicy policy);

/// RFC 7208. `domain` is the one that was checked.
struct Spf {
    enum class Identity : std::uint8_t { MailFrom, Helo };
    SpfResult result = SpfResult::None;
    Identity identity = Identity::MailFrom;
    std::string domain;
    std::optional<std::string> explanation;  ///< from `exp=`, only when it was asked for
    std::string detail;                      ///< the mechanism that matched, or what went wrong
};

/// One DKIM-Signature (RFC 6376).
struct Dkim {
    DkimResult result = DkimResult::Neutral;
    std::string domain;     ///< d=
    std::string selector;   ///< s=
    std::string identity;   ///< i=, or "@" and d=
    std::string algorithm;  ///< a=
    std::string signature;  ///< first 8 characters of b=, for header.b (RFC 6008)
    std::uint32_t key_bits = 0;
    bool testing = false;                      ///< t=y in the key record
    std::optional<std::uint64_t> body_length;  ///< l=: what stands beyond is not signed
    /// What a Pass leaves out although a reader sees it: bytes behind l=, a second Subject. Empty:
    /// nothing.
    std::string left_out;
    bool counts = true;  ///< false: a Pass that by [auth] authenticates nobody for what it left out
    std::string detail;
};

/// Whether the signature speaks for its domain: what DMARC, reputation and allow lists rest on.
[[nodiscard]] inline bool authenticates(const Dkim& dkim) {
    return dkim.result == DkimResult::Pass && dkim.counts;
}

/// What others are told: a pass that does not count is "policy" (RFC 8601 2.7.1), for they read
/// words and no reasons.
[[nodiscard]] inline DkimResult told(const Dkim& dkim) {
    return dkim.result == DkimResult::Pass && !dkim.counts ? DkimResult::Policy : dkim.result;
}

struct Dmarc {
    DmarcResult result = DmarcResult::None;
    std::string domain;                 ///< the Author Domain
    std::string organizational_domain;  ///< of `domain`
    std::string policy_domain;          ///< where the record stands; empty: none
    std::optional<DmarcPolicy> policy;  ///< p, sp or np as it applies, before t=y softens it
    DmarcPolicy disposition = DmarcPolicy::None;  ///< after t=y and local policy
    bool overridden = false;  ///< local policy (trusted ARC sealers) lifted the disposition
    bool spf_aligned = false;
    bool dkim_aligned = false;
    std::string detail;
};

/// RFC 8617.
struct Arc {
    ArcResult result = ArcResult::None;
    std::uint32_t instances = 0;
    std::string sealer;                ///< d= of the newest ARC-Seal
    std::vector<std::string> sealers;  ///< d= of all, oldest first; proven by `Pass` only
    /// The oldest instance whose signature still covers the message (RFC 8617 5.2 step 5): 0 when
    /// all do, otherwise the first that does; the content was changed before it.
    std::uint32_t oldest_pass = 0;
    bool temporary = false;  ///< a Fail for a key that could not be looked up
    bool partial = false;    ///< a Pass whose newest message signature has bytes behind its l=
    std::string detail;
};

/// RFC 8601 3: the client's address, its names, and back.
struct Iprev {
    IprevResult result = IprevResult::None;
    std::string name;  ///< the name that leads back to the address; empty: none does
    std::string detail;
};

/// What is not there was not asked.
struct Results {
    std::optional<Iprev> iprev;
    std::optional<Spf> spf;       ///< of MAIL FROM, or of HELO for the null reverse-path
    std::optional<Spf> spf_helo;  ///< of HELO, when MAIL FROM was checked as well
    std::vector<Dkim> dkim;
    std::optional<Dmarc> dmarc;
    std::optional<Arc> arc;
};

}  // namespace postern::auth
