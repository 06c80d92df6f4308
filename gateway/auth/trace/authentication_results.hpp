#pragma once

/// @file The Authentication-Results field (RFC 8601) and Received-SPF (RFC 7208 9.1), made from
/// typed results; and the removal of fields that somebody else wrote in our name. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/auth/results.hpp"

namespace postern::auth::trace {

struct FieldFacts {
    std::string authserv_id;  ///< our host name
    std::string client_ip;
    std::string helo;          ///< as the client said it; filtered here
    std::string reverse_path;  ///< "" for the null one
};

/// The whole field, CRLF at its end, folded below 78 columns where the values allow it and never
/// beyond 998. "none" when nothing was checked. Every value is quoted where it has to be.
[[nodiscard]] std::string authentication_results(const Results& results, const FieldFacts& facts);

/// The whole field, CRLF at its end.
[[nodiscard]] std::string received_spf(const Spf& spf, const FieldFacts& facts);

/// The header block without the Authentication-Results fields that bear `authserv_id`, in any case,
/// folded, quoted or behind comments (RFC 8601 5), and without those that cannot be read at all.
struct Stripped {
    std::string header;
    std::size_t removed = 0;
};
[[nodiscard]] Stripped without_own_results(std::string_view header, std::string_view authserv_id);

}  // namespace postern::auth::trace
