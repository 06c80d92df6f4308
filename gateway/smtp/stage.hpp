#pragma once

#include <cstdint>
#include <string_view>

namespace postern::smtp {

/// Where in a session a reply is said; names for metrics.
enum class Stage : std::uint8_t { Connect, Helo, StartTls, Mail, Rcpt, Data, Message, Other };
[[nodiscard]] std::string_view name(Stage stage);

}  // namespace postern::smtp
