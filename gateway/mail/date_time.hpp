#pragma once

#include <cstdint>
#include <string>

namespace postern::mail {

/// "Fri, 02 Jan 2026 03:04:05 +0000" (RFC 5322 3.3). `time`: seconds since 1970, UTC.
[[nodiscard]] std::string date_time(std::int64_t time);

}  // namespace postern::mail
