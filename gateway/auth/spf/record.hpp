#pragma once

/// @file An SPF record, read as a whole before anything of it is evaluated (RFC 7208 4.6).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/results.hpp"
#include "gateway/auth/spf/macro.hpp"
#include "gateway/mail/ip_address.hpp"

namespace postern::auth::spf {

struct Mechanism {
    enum class Kind : std::uint8_t { All, Include, A, Mx, Ptr, Ip4, Ip6, Exists };
    Kind kind = Kind::All;
    SpfResult qualifier = SpfResult::Pass;  ///< Pass, Fail, SoftFail or Neutral
    std::optional<MacroString> domain;      ///< none: the domain that is being checked
    mail::IpAddress::Bytes network{};       ///< of Ip4 and Ip6, in IPv6 form
    unsigned bits4 = 32;                    ///< 0 to 32
    unsigned bits6 = 128;                   ///< 0 to 128
    std::string text;                       ///< as written, for the explanation of a result
};

struct Record {
    std::vector<Mechanism> mechanisms;
    std::optional<MacroString> redirect;
    std::optional<MacroString> explanation;
    bool has_all = false;
};

/// "v=spf1", alone or followed by a blank, in any case (4.5).
[[nodiscard]] bool is_spf(std::string_view text);

/// `text` is_spf(). Any syntax error anywhere fails the whole record.
[[nodiscard]] Outcome<Record, SyntaxError> parse_record(std::string_view text);

}  // namespace postern::auth::spf
