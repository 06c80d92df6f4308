#pragma once

/// @file What kind of thing a run of bytes is, whatever its name and its container claim.

#include <memory>
#include <string_view>
#include <vector>

#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {

/// Every view points to static text. Never empty: what nobody can name is "data" or "text".
struct Taste {
    std::string_view type;  ///< short name, lower case: "mail", "zip", "docx", "pe", "text", ...
    std::string_view mime;  ///< media type that goes with it
    /// What the same bytes are as well (polyglots): a zip or PE behind a picture, a PDF header
    /// that is not at the start. At most kMaxAlso, none equal to `type`.
    std::vector<std::string_view> also = {};
};
inline constexpr std::size_t kMaxAlso = 4;

/// libmagic with its database, asked only where our own signatures say "data": it costs over a
/// millisecond. Load it before the first fork; afterwards it needs no system call but memory.
/// Not for use by two threads at once.
class Magic {
public:
    /// The database of the system. nullptr if libmagic cannot load it.
    [[nodiscard]] static std::unique_ptr<Magic> load();
    ~Magic();
    Magic(const Magic&) = delete;
    Magic& operator=(const Magic&) = delete;
    Magic(Magic&&) = delete;
    Magic& operator=(Magic&&) = delete;

    /// {"data", "application/octet-stream"} for what it does not know, or what we do not list.
    [[nodiscard]] Taste ask(ByteView bytes) const;

    struct State;  ///< of libmagic
    explicit Magic(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

/// The kind of `bytes`. `name` (may be empty) only decides between kinds that bytes alone cannot
/// tell apart (scripts, plain text). Linear in the size, reads no more than the first 64 KiB and
/// the last 64 KiB save for member names of zip files. `magic` may be nullptr.
[[nodiscard]] Taste taste(ByteView bytes, std::string_view name, const Magic* magic = nullptr);

}  // namespace postern::analyzers
