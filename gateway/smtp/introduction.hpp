#pragma once

/// @file What a trusted proxy says about the client behind it: Postfix's XCLIENT command.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/ip_address.hpp"
#include "gateway/smtp/reply.hpp"

namespace postern::smtp {

/// One attribute. [UNAVAILABLE]: looked for and not there; [TEMPUNAVAIL]: could not be told now.
struct IntroducedText {
    enum class State : std::uint8_t { NotSaid, Said, Unavailable, TemporarilyUnavailable };
    State state = State::NotSaid;
    std::string text = {};  ///< with Said: printable ASCII without blanks, at most 255 bytes

    friend bool operator==(const IntroducedText&, const IntroducedText&) = default;
};

/// Attributes that were not said, or are unavailable where that makes no difference, are nullopt.
struct Introduction {
    std::optional<mail::IpAddress> address = {};  ///< ADDR
    std::optional<std::uint16_t> port = {};       ///< PORT
    IntroducedText name = {};                     ///< NAME: verified reverse name of the client
    IntroducedText helo = {};                     ///< HELO: as it said it to the proxy
    IntroducedText login = {};                    ///< LOGIN: whom it has authenticated as
    std::optional<bool> extended = {};            ///< PROTO: ESMTP, not SMTP
    std::optional<mail::IpAddress> local_address = {};  ///< DESTADDR
    std::optional<std::uint16_t> local_port = {};       ///< DESTPORT

    friend bool operator==(const Introduction&, const Introduction&) = default;
};

/// What stands behind "XCLIENT ". A failure is the reply: 501.
[[nodiscard]] Outcome<Introduction, Reply> parse_xclient(std::string_view argument);

/// As EHLO lists it.
inline constexpr std::string_view kXclientKeyword =
    "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

}  // namespace postern::smtp
