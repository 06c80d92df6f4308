#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::quarantine {

/// Why the store could not do something. Busy and Full may pass; the others will not by waiting.
enum class StoreErrorKind : std::uint8_t {
    NotFound,  ///< no such record, message, user or delivery
    Conflict,  ///< its state forbids it: already released, being delivered, name taken, lease lost
    Invalid,   ///< the arguments make no sense; nothing was done
    Busy,      ///< another process held the database longer than the busy timeout
    Full,      ///< no space left on the device, or quota
    WrongKey,  ///< a blob was sealed with another key
    Corrupt,   ///< a blob or the database is damaged: authentication failed
    Io,        ///< anything else the system said
};

/// The word for logs and metrics: "not-found", "conflict", ...
[[nodiscard]] std::string_view name(StoreErrorKind kind);

/// `detail` is for the operator; it never holds text from a message.
struct StoreError {
    StoreErrorKind kind = StoreErrorKind::Io;
    std::string detail;

    friend bool operator==(const StoreError&, const StoreError&) = default;
};

}  // namespace postern::quarantine
