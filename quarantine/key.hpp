#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "quarantine/error.hpp"

namespace postern::quarantine {

/// The secret that seals the blobs: 32 random bytes. Wiped when destroyed. Losing it is losing
/// every held message: back it up apart from the blobs.
class Key {
public:
    static constexpr std::size_t kSize = 32;

    /// Reads the file, which must hold exactly 32 bytes and be closed to others (mode & 0007 == 0,
    /// else Invalid). When there is none, makes it with mode 0600 and fsyncs it and its folder; two
    /// processes that start at once end with the same key.
    [[nodiscard]] static Outcome<Key, StoreError> load_or_create(const std::string& path);
    /// Reads 32 bytes from offset 0 of an inherited descriptor (regular file or memfd); the
    /// descriptor stays open and its offset untouched.
    [[nodiscard]] static Outcome<Key, StoreError> from_fd(int descriptor);
    /// For tests: any 32 bytes.
    explicit Key(const std::array<std::byte, kSize>& bytes) : bytes_(bytes) {}
    ~Key();
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    Key(Key&&) noexcept = default;
    Key& operator=(Key&&) noexcept = default;

    [[nodiscard]] const std::array<std::byte, kSize>& bytes() const { return bytes_; }

private:
    std::array<std::byte, kSize> bytes_;
};

}  // namespace postern::quarantine
