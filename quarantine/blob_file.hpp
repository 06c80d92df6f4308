#pragma once

/// @file One sealed blob as a file: written whole, read piece by piece.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/sha256.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "quarantine/cipher.hpp"
#include "quarantine/error.hpp"
#include "quarantine/key.hpp"

namespace postern::quarantine {

/// Bytes that can be read twice: a descriptor (by pread) or a view. Borrows both.
class Source {
public:
    explicit Source(int descriptor) : descriptor_(descriptor) {}
    explicit Source(std::string_view bytes) : bytes_(bytes) {}

    /// Fills `into` from `offset` on, unless the end comes first; how much.
    [[nodiscard]] Outcome<std::size_t, StoreError> read(std::uint64_t offset,
                                                        std::span<std::byte> into) const;

private:
    int descriptor_ = -1;
    std::string_view bytes_;
};

/// Length and SHA-256 of a source.
struct Measure {
    std::uint64_t size = 0;
    std::string sha256;
};
[[nodiscard]] Outcome<Measure, StoreError> measure(const Source& source);

/// Seals the first `expected.size` bytes of the source into `descriptor`. Invalid: they are not
/// (any more) what `expected` says.
[[nodiscard]] Outcome<Done, StoreError> write_blob(int descriptor, const Source& source,
                                                   const Measure& expected, const Key& key,
                                                   std::uint32_t chunk_size);

/// Opens a sealed blob. Hostile input: whatever the file holds, it yields the authentic bytes of
/// `sha256`, or a failure.
class BlobReader {
public:
    /// Reads the header from the descriptor's position.
    [[nodiscard]] static Outcome<std::unique_ptr<BlobReader>, StoreError> open(
        UniqueFd file, const Key& key, std::string_view sha256);

    /// As MessageReader::read.
    [[nodiscard]] Outcome<std::size_t, StoreError> read(std::span<std::byte> into);

private:
    BlobReader(UniqueFd file, const Key& key, const BlobHeader& header, std::string_view sha256);
    [[nodiscard]] Outcome<Done, StoreError> next_chunk();
    [[nodiscard]] Outcome<Done, StoreError> finish();

    UniqueFd file_;
    ChunkCipher cipher_;
    std::string expected_;
    Sha256Stream digest_;
    std::vector<std::byte> sealed_;  // one chunk, and the first byte of the next
    std::size_t carried_ = 0;        // bytes at the front of sealed_ read already
    std::vector<std::byte> plain_;
    std::size_t plain_size_ = 0;
    std::size_t given_ = 0;
    std::uint32_t number_ = 0;
    bool last_ = false;
    bool finished_ = false;
    std::optional<StoreError> failed_;
};

}  // namespace postern::quarantine
