#pragma once

/// @file Everything about one message's sender, in the order in which it becomes known. Used by
/// the gateway, `postern scan` and `postern auth` alike.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/auth/arc/signed_message.hpp"
#include "gateway/auth/dmarc/evaluate.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/auth/spf/check.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/settings/auth.hpp"

namespace postern::auth {

struct AuthenticatorSettings {
    std::string hostname;  ///< ours, for the %{r} of SPF
    spf::Limits spf;       ///< `deadline` is set for each check
    std::chrono::milliseconds spf_time = std::chrono::seconds(20);  ///< RFC 7208 4.6.4
    bool explain = false;  ///< fetch the explanation of an SPF fail: text of a stranger
    bool spf_helo = true;  ///< check HELO as well when there is a reverse-path
    arc::IntakeLimits intake;
    /// Lower case. Domains whose ARC seals override a DMARC failure: see arc_override.hpp.
    std::vector<std::string> trusted_sealers;
};

/// As [auth] has them. `hostname` is ours.
[[nodiscard]] AuthenticatorSettings authenticator_settings(const settings::Auth& auth,
                                                           const std::string& hostname);

/// The envelope as far as it is known.
struct Sender {
    std::optional<mail::IpAddress> client;  ///< none: no SPF, no iprev
    std::string helo;
    std::string reverse_path;  ///< "local@domain", any text; empty: the null reverse-path
    std::int64_t time = 0;     ///< seconds since 1970
};

/// Const and thread-safe; each call blocks on look-ups of its inquiry, so calls belong on decision
/// threads.
class Authenticator {
public:
    explicit Authenticator(AuthenticatorSettings settings);

    /// Starts all look-ups that are known to be wanted, so that the others wait for them together
    /// and not for one after the other. `taken` has its whole header. Does not block.
    void ask_ahead(const Sender& sender, const arc::SignedMessage& taken,
                   dns::Inquiry& inquiry) const;
    /// iprev; None without a client.
    [[nodiscard]] Iprev reverse(const Sender& sender, dns::Inquiry& inquiry) const;
    /// SPF of MAIL FROM and HELO into `results.spf` and `results.spf_helo`. Without a client it is
    /// None, with a word why.
    void envelope(const Sender& sender, dns::Inquiry& inquiry, Results& results) const;
    /// What takes in the message: feed it, then give it to message().
    [[nodiscard]] arc::SignedMessage intake(std::int64_t time) const;
    /// DKIM, ARC and DMARC into `results`, which holds SPF already. `taken` has ended.
    dmarc::Evaluation message(const arc::SignedMessage& taken, dns::Inquiry& inquiry,
                              Results& results) const;

    /// All of it, for a message that has been taken in whole.
    [[nodiscard]] Results all(const Sender& sender, const arc::SignedMessage& taken,
                              dns::Inquiry& inquiry) const;

    [[nodiscard]] const AuthenticatorSettings& settings() const { return settings_; }

private:
    AuthenticatorSettings settings_;
};

}  // namespace postern::auth
