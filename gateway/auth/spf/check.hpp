#pragma once

/// @file check_host() of RFC 7208: whether the client's address may use a domain in MAIL FROM or
/// HELO. Asks through dns::Inquiry and blocks, so it belongs on a decision thread.

#include <cstdint>
#include <string>

#include "gateway/auth/results.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::auth::spf {

struct Limits {
    unsigned terms = 10;             ///< that look something up (4.6.4)
    unsigned void_lookups = 2;       ///< answered with nothing (4.6.4)
    unsigned exchanges = 10;         ///< of one mx mechanism: more is a permerror (4.6.4)
    unsigned reverse_names = 10;     ///< looked at for ptr and %{p}: the rest is ignored (4.6.4)
    std::size_t explanation = 1024;  ///< bytes
    dns::TimePoint deadline = dns::TimePoint::max();  ///< of the whole check: temperror behind it
};

struct Request {
    mail::IpAddress client;
    std::string helo;                  ///< as the client said it
    std::string reverse_path;          ///< "local@domain", any text; empty: the null reverse-path
    std::string receiver = "unknown";  ///< our host name, for %{r}
    std::int64_t time = 0;             ///< seconds since 1970, for %{t}
    bool explain = false;              ///< compute `explanation` when the result is fail
    Limits limits = {};
};

/// The MAIL FROM identity; for the null reverse-path it is postmaster@HELO, and the identity of the
/// result is Helo (2.4).
[[nodiscard]] Spf check_mail_from(const Request& request, dns::Inquiry& inquiry);

/// The HELO identity (2.3).
[[nodiscard]] Spf check_helo(const Request& request, dns::Inquiry& inquiry);

}  // namespace postern::auth::spf
