#pragma once

/// @file How one blob is sealed. The grammar of the file is in README.md.
///
/// STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce of each chunk holds its number and
/// whether it is the last, so that chunks can be neither reordered, dropped, repeated nor cut off.
/// Every blob has a key of its own (HKDF-SHA-256 over a random salt), so nonces never meet.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "analyzers/base/bytes.hpp"
#include "quarantine/key.hpp"

namespace postern::quarantine {

inline constexpr std::size_t kKeyIdSize = 8;
inline constexpr std::size_t kSaltSize = 32;
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kBlobHeaderSize = 8 + 4 + 4 + kKeyIdSize + kSaltSize;
inline constexpr std::uint32_t kMinChunk = 1U << 10;
inline constexpr std::uint32_t kMaxChunk = 1U << 20;

struct BlobHeader {
    std::uint32_t chunk_size = 0;  ///< plaintext bytes in each chunk but the last
    std::array<std::byte, kKeyIdSize> key_id{};
    std::array<std::byte, kSaltSize> salt{};

    friend bool operator==(const BlobHeader&, const BlobHeader&) = default;
};

using EncodedHeader = std::array<std::byte, kBlobHeaderSize>;
[[nodiscard]] EncodedHeader encode_header(const BlobHeader& header);
/// nullopt: no blob of ours, another version, or a chunk size out of range.
[[nodiscard]] std::optional<BlobHeader> parse_header(ByteView bytes);
/// A header for a new blob, with a random salt. `chunk_size` is kMinChunk to kMaxChunk.
[[nodiscard]] BlobHeader fresh_header(const Key& key, std::uint32_t chunk_size);
/// Names a key without telling it.
[[nodiscard]] std::array<std::byte, kKeyIdSize> key_id(const Key& key);

/// Seals and opens the chunks of one blob. The digest of the whole plaintext is authenticated with
/// each chunk: a blob under another blob's name does not open.
class ChunkCipher {
public:
    ChunkCipher(const Key& key, const BlobHeader& header, std::string_view sha256);
    ~ChunkCipher();
    ChunkCipher(ChunkCipher&&) noexcept;
    ChunkCipher& operator=(ChunkCipher&&) noexcept;
    ChunkCipher(const ChunkCipher&) = delete;
    ChunkCipher& operator=(const ChunkCipher&) = delete;

    /// `sealed` is as long as `plain` and kTagSize more.
    void seal(std::uint32_t number, bool last, ByteView plain, std::span<std::byte> sealed);
    /// `plain` is kTagSize shorter than `sealed`. False: not authentic, and `plain` is wiped.
    [[nodiscard]] bool open(std::uint32_t number, bool last, ByteView sealed,
                            std::span<std::byte> plain);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::quarantine
