#pragma once

/// @file The records of a zip file (PKWARE APPNOTE 6.3.10), read where they stand, believed
/// nowhere.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace postern::analyzers {

inline constexpr std::string_view kLocalSignature = "PK\3\4";

/// What a local header, or an entry of the central directory, says of a member.
struct ZipHeader {
    std::uint16_t version = 0;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::string_view name;
    std::uint64_t local_offset = 0;  ///< central only: of the local header
    std::uint32_t attributes = 0;    ///< central only: external attributes
    std::size_t length = 0;          ///< of this record

    [[nodiscard]] bool encrypted() const { return (flags & 1) != 0; }
    [[nodiscard]] bool streamed() const { return (flags & 8) != 0; }
};

[[nodiscard]] std::optional<ZipHeader> read_local_header(std::string_view file, std::size_t offset);
[[nodiscard]] std::optional<ZipHeader> read_central_entry(std::string_view file,
                                                          std::size_t offset);

/// A central directory and the end record that leads to it.
struct ZipDirectory {
    std::vector<ZipHeader> entries;
    std::size_t start = 0;   ///< of the first entry
    std::size_t end = 0;     ///< behind the end record and its comment
    std::int64_t shift = 0;  ///< what to add to the offsets it gives (data in front of the zip)
    std::string_view comment;
};

/// One for each end record in the file that leads to entries, at most kMaxDirectories.
[[nodiscard]] std::vector<ZipDirectory> find_directories(std::string_view file,
                                                         std::size_t max_entries);
inline constexpr std::size_t kMaxDirectories = 64;

}  // namespace postern::analyzers
