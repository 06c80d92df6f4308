#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "quarantine/error.hpp"

namespace postern::quarantine {

class BlobReader;

/// The bytes of one held message, read from its sealed blob piece by piece. Each piece is
/// authenticated before it is handed out; that nothing is missing at the end is known only when
/// read() has answered 0. Whoever forwards bytes must not call them whole before that.
class MessageReader {
public:
    explicit MessageReader(std::unique_ptr<BlobReader> blob);
    ~MessageReader();
    MessageReader(MessageReader&&) noexcept;
    MessageReader& operator=(MessageReader&&) noexcept;
    MessageReader(const MessageReader&) = delete;
    MessageReader& operator=(const MessageReader&) = delete;

    /// Fills the front of `into` and says how much; 0: the end, and the whole message was right.
    /// `into` must not be empty. Corrupt, WrongKey or Io otherwise; after a failure, only failures.
    [[nodiscard]] Outcome<std::size_t, StoreError> read(std::span<std::byte> into);
    /// The rest as one string; Invalid when it is longer than `limit` bytes.
    [[nodiscard]] Outcome<std::string, StoreError> read_all(std::size_t limit);
    /// Writes the rest to `descriptor`; the count of bytes.
    [[nodiscard]] Outcome<std::uint64_t, StoreError> copy_to(int descriptor);
    /// The rest in a sealed, read-only memfd, positioned at 0: what the jail takes.
    [[nodiscard]] Outcome<UniqueFd, StoreError> to_memfd();

private:
    std::unique_ptr<BlobReader> blob_;
};

}  // namespace postern::quarantine
