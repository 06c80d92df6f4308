#include "analyzers/archive/zip_records.hpp"

#include <algorithm>

#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kCentralSignature = "PK\1\2";
constexpr std::string_view kEndSignature = "PK\5\6";
constexpr std::string_view kEnd64Signature = "PK\6\6";
constexpr std::string_view kLocator64Signature = "PK\6\7";
constexpr std::size_t kLocalLength = 30;
constexpr std::size_t kCentralLength = 46;
constexpr std::size_t kEndLength = 22;
constexpr std::size_t kLocatorLength = 20;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint32_t kIn64 = 0xffffffff;  // "the real value is in the zip64 field"

/// Little-endian numbers at fixed places; 0 beyond the end, which every caller has excluded.
class Record {
public:
    explicit Record(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] std::uint64_t number(std::size_t offset, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size && offset + i < bytes_.size(); ++i) {
            value |= std::uint64_t{static_cast<unsigned char>(bytes_[offset + i])} << (8 * i);
        }
        return value;
    }
    [[nodiscard]] std::uint16_t u16(std::size_t offset) const {
        return static_cast<std::uint16_t>(number(offset, 2));
    }
    [[nodiscard]] std::uint32_t u32(std::size_t offset) const {
        return static_cast<std::uint32_t>(number(offset, 4));
    }

private:
    std::string_view bytes_;
};

/// Takes the 64-bit values that the header's own fields are too small for, in their order.
void apply_zip64(std::string_view extra, ZipHeader& header, bool central) {
    while (extra.size() >= 4) {
        const Record field(extra);
        const std::size_t length = std::min<std::size_t>(field.u16(2), extra.size() - 4);
        if (field.u16(0) == kZip64Extra) {
            const Record values(extra.substr(4, length));
            std::size_t at = 0;
            const auto next = [&](std::uint64_t& value) {
                if (value != kIn64 || at + 8 > length) return;
                value = values.number(at, 8);
                at += 8;
            };
            next(header.size);
            next(header.packed_size);
            if (central) next(header.local_offset);
            return;
        }
        extra.remove_prefix(4 + length);
    }
}

/// Entries from `start` as long as there are any.
std::size_t read_entries(std::string_view file, std::size_t start, std::size_t max_entries,
                         std::vector<ZipHeader>& entries) {
    std::size_t at = start;
    while (entries.size() < max_entries) {
        const auto entry = read_central_entry(file, at);
        if (!entry) break;
        entries.push_back(*entry);
        at += entry->length;
    }
    return at;
}

struct Claim {
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
    std::size_t before = 0;  ///< where the directory must end
};

Claim read_claim(std::string_view file, std::size_t end_record) {
    const Record record(file.substr(end_record));
    Claim claim{.size = record.u32(12), .offset = record.u32(16), .before = end_record};
    if (end_record < kLocatorLength) return claim;
    const std::string_view locator = file.substr(end_record - kLocatorLength);
    if (!locator.starts_with(kLocator64Signature)) return claim;
    // The zip64 end record stands right before its locator; with data in front of the zip the
    // locator's own offset is wrong, so look where it should be first.
    constexpr std::size_t kEnd64Length = 56;
    std::size_t at = end_record - kLocatorLength;
    at = at >= kEnd64Length ? at - kEnd64Length : 0;
    if (!file.substr(at).starts_with(kEnd64Signature)) {
        const std::uint64_t said = Record(locator).number(8, 8);
        if (said >= file.size()) return claim;
        at = static_cast<std::size_t>(said);
    }
    if (!file.substr(at).starts_with(kEnd64Signature)) return claim;
    const Record end64(file.substr(at));
    return {.size = end64.number(40, 8), .offset = end64.number(48, 8), .before = at};
}

std::optional<ZipDirectory> read_directory(std::string_view file, std::size_t end_record,
                                           std::size_t max_entries) {
    if (file.size() - end_record < kEndLength) return std::nullopt;
    const Claim claim = read_claim(file, end_record);
    ZipDirectory directory;
    const std::size_t comment = Record(file.substr(end_record)).u16(20);
    directory.comment = file.substr(end_record + kEndLength, comment);
    directory.end = end_record + kEndLength + directory.comment.size();
    // Where it must be if it ends where the end record begins, and where it is said to be.
    for (const std::uint64_t start :
         {claim.before - std::min<std::uint64_t>(claim.size, claim.before), claim.offset}) {
        if (start >= file.size()) continue;
        directory.start = static_cast<std::size_t>(start);
        directory.shift =
            static_cast<std::int64_t>(start) -
            static_cast<std::int64_t>(std::min<std::uint64_t>(claim.offset, INT64_MAX));
        read_entries(file, directory.start, max_entries, directory.entries);
        if (!directory.entries.empty()) return directory;
    }
    return std::nullopt;
}

}  // namespace

std::optional<ZipHeader> read_local_header(std::string_view file, std::size_t offset) {
    if (offset > file.size() || file.size() - offset < kLocalLength) return std::nullopt;
    const std::string_view bytes = file.substr(offset);
    if (!bytes.starts_with(kLocalSignature)) return std::nullopt;
    const Record record(bytes);
    ZipHeader header{.version = record.u16(4),
                     .flags = record.u16(6),
                     .method = record.u16(8),
                     .crc = record.u32(14),
                     .packed_size = record.u32(18),
                     .size = record.u32(22),
                     .name = bytes.substr(kLocalLength, record.u16(26)),
                     .local_offset = 0,
                     .attributes = 0,
                     .length = kLocalLength + std::size_t{record.u16(26)} + record.u16(28)};
    if (header.length > bytes.size()) return std::nullopt;
    apply_zip64(bytes.substr(kLocalLength + header.name.size(), record.u16(28)), header, false);
    return header;
}

std::optional<ZipHeader> read_central_entry(std::string_view file, std::size_t offset) {
    if (offset > file.size() || file.size() - offset < kCentralLength) return std::nullopt;
    const std::string_view bytes = file.substr(offset);
    if (!bytes.starts_with(kCentralSignature)) return std::nullopt;
    const Record record(bytes);
    ZipHeader header{
        .version = record.u16(6),
        .flags = record.u16(8),
        .method = record.u16(10),
        .crc = record.u32(16),
        .packed_size = record.u32(20),
        .size = record.u32(24),
        .name = bytes.substr(kCentralLength, record.u16(28)),
        .local_offset = record.u32(42),
        .attributes = record.u32(38),
        .length = kCentralLength + std::size_t{record.u16(28)} + record.u16(30) + record.u16(32)};
    if (header.length > bytes.size()) return std::nullopt;
    apply_zip64(bytes.substr(kCentralLength + header.name.size(), record.u16(30)), header, true);
    return header;
}

std::vector<ZipDirectory> find_directories(std::string_view file, std::size_t max_entries) {
    std::vector<ZipDirectory> directories;
    std::size_t entries = 0;
    for (std::size_t at = file.find(kEndSignature);
         at != std::string_view::npos && directories.size() < kMaxDirectories;
         at = file.find(kEndSignature, at + 4)) {
        auto directory = read_directory(file, at, max_entries - std::min(entries, max_entries));
        if (!directory) continue;
        entries += directory->entries.size();
        directories.push_back(std::move(*directory));
    }
    return directories;
}

}  // namespace postern::analyzers
