#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"
#include "quarantine/message_reader.hpp"

namespace postern::quarantine {

/// The password that analysts and scanners expect. It keeps mail from being opened by accident, and
/// scanners on the way from eating it; it keeps no secret.
inline constexpr std::string_view kSamplePassword = "infected";

/// One message as a ZIP file with one member `member` (a plain file name such as "<id>.eml"),
/// deflated and sealed with AES-256 (WinZip AE-2). At most `limit` bytes of message are taken into
/// memory. Invalid: message longer than that, empty password, or a member name that is a path.
[[nodiscard]] Outcome<std::string, StoreError> encrypted_zip(MessageReader message,
                                                             std::string_view member,
                                                             std::string_view password,
                                                             std::size_t limit);
/// The same, written to `descriptor`.
[[nodiscard]] Outcome<Done, StoreError> encrypted_zip_to(int descriptor, MessageReader message,
                                                         std::string_view member,
                                                         std::string_view password,
                                                         std::size_t limit);

}  // namespace postern::quarantine
