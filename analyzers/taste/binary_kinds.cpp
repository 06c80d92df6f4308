#include "analyzers/taste/binary_kinds.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/bytes.hpp"
#include "analyzers/taste/kinds.hpp"
#include "analyzers/taste/signatures.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kTarBlock = 512;

std::uint32_t byte_at(std::string_view bytes, std::size_t offset) {
    return offset < bytes.size() ? static_cast<unsigned char>(bytes[offset]) : 0U;
}
std::uint32_t le16(std::string_view bytes, std::size_t offset) {
    return byte_at(bytes, offset) | byte_at(bytes, offset + 1) << 8;
}
std::uint32_t le32(std::string_view bytes, std::size_t offset) {
    return le16(bytes, offset) | le16(bytes, offset + 2) << 16;
}
std::uint32_t be32(std::string_view bytes, std::size_t offset) {
    return byte_at(bytes, offset) << 24 | byte_at(bytes, offset + 1) << 16 |
           byte_at(bytes, offset + 2) << 8 | byte_at(bytes, offset + 3);
}
bool has(std::string_view bytes, std::size_t offset, std::string_view what) {
    return offset <= bytes.size() && bytes.substr(offset).starts_with(what);
}

/// A tar header without "ustar" has nothing but its checksum: the sum of the header's bytes with
/// the eight of the checksum itself taken as blanks.
bool is_old_tar(std::string_view bytes) {
    if (bytes.size() < kTarBlock || bytes[0] == '\0') return false;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kTarBlock; ++i)
        sum += i >= 148 && i < 156 ? 32U : byte_at(bytes, i);
    std::optional<std::uint32_t> written;
    for (std::size_t i = 148; i < 156; ++i) {
        const char c = bytes[i];
        if (c >= '0' && c <= '7') {
            written = written.value_or(0) * 8 + static_cast<std::uint32_t>(c - '0');
        } else if (c == ' ' || c == '\0') {
            if (written) break;
        } else {
            return false;
        }
    }
    return written == sum;
}

/// "-lh5-" behind the two bytes of header size and checksum.
bool is_lha(std::string_view bytes) {
    return bytes.size() > 21 && bytes[2] == '-' && bytes[6] == '-' &&
           (has(bytes, 3, "lh") || has(bytes, 3, "lz") || has(bytes, 3, "pm")) && bytes[20] <= 3;
}

bool is_lzma(std::string_view bytes) {
    if (bytes.size() < 14 || byte_at(bytes, 0) >= 225 || byte_at(bytes, 13) != 0) return false;
    const std::uint32_t dictionary = le32(bytes, 1);
    const bool power_of_two = dictionary >= 4096 && (dictionary & (dictionary - 1)) == 0;
    const bool size_unknown = le32(bytes, 5) == 0xffffffff && le32(bytes, 9) == 0xffffffff;
    const bool usual = byte_at(bytes, 0) == 0x5d && le32(bytes, 9) < 0x40;
    return power_of_two && (size_unknown || usual);
}

bool is_bzip2(std::string_view bytes) {
    return bytes.size() >= 10 && bytes.starts_with("BZh") && bytes[3] >= '1' && bytes[3] <= '9' &&
           (has(bytes, 4, "1AY&SY") || has(bytes, 4, "\x17\x72\x45\x38\x50\x90"));
}

/// 0xCAFEBABE begins Java classes (version, from 45) and Mach-O for several machines (a count).
std::string_view cafebabe_kind(std::string_view bytes) {
    if (!bytes.starts_with("\xca\xfe\xba\xbe")) return kData;
    const std::uint32_t second = be32(bytes, 4);
    if (second > 0 && second < 40) return "macho";
    return (second & 0xffff) >= 45 && (second & 0xffff) < 100 ? "class"sv : kData;
}

std::string_view riff_kind(std::string_view bytes) {
    if (!bytes.starts_with("RIFF")) return kData;
    if (has(bytes, 8, "WEBP")) return "webp";
    if (has(bytes, 8, "WAVE")) return "wav";
    return has(bytes, 8, "AVI ") ? "avi"sv : kData;
}

std::string_view ftyp_kind(std::string_view bytes) {
    if (!has(bytes, 4, "ftyp")) return kData;
    const std::string_view brand = bytes.substr(8).substr(0, 4);
    if (brand == "avif" || brand == "avis") return "avif";
    if (brand == "heic" || brand == "heix" || brand == "mif1" || brand == "msf1") return "heif";
    return "mp4";
}

bool is_icon(std::string_view bytes) {
    const bool icon = bytes.starts_with("\0\0\1\0"sv) || bytes.starts_with("\0\0\2\0"sv);
    const std::uint32_t images = le16(bytes, 4);
    return icon && bytes.size() > 22 && images > 0 && images < 256 && byte_at(bytes, 9) == 0 &&
           le32(bytes, 18) < bytes.size();
}

bool is_bitmap(std::string_view bytes) {
    const std::uint32_t header = le32(bytes, 14);
    return bytes.starts_with("BM") && bytes.size() >= 26 && le32(bytes, 6) == 0 &&
           (header == 12 || header == 40 || header == 52 || header == 56 || header == 64 ||
            header == 108 || header == 124);
}

bool is_truetype(std::string_view bytes) {
    if (bytes.starts_with("true\0"sv) || bytes.starts_with("ttcf\0"sv)) return true;
    return bytes.starts_with("\0\1\0\0\0"sv) && byte_at(bytes, 5) > 3 && byte_at(bytes, 5) < 64 &&
           bytes.size() > 28 && ascii_alpha(bytes[12]);
}

/// An MPEG audio frame: eleven set bits, and no reserved value of version, layer, rate.
bool is_mpeg_audio(std::string_view bytes) {
    const std::uint32_t head = be32(bytes, 0);
    return bytes.size() > 4 && head >> 21 == 0x7ff && (head >> 19 & 3) != 1 &&
           (head >> 17 & 3) == 1 && (head >> 12 & 15) != 15 && (head >> 10 & 3) != 3;
}

/// DER: SEQUENCE with a two-byte length that covers the rest.
std::string_view der_kind(std::string_view bytes) {
    if (!bytes.starts_with("\x30\x82")) return kData;
    const std::size_t length = (byte_at(bytes, 2) << 8 | byte_at(bytes, 3)) + std::size_t{4};
    if (length > bytes.size() || bytes.size() > length + 2) return kData;
    // OID 1.2.840.113549.1.7: PKCS #7, which is what S/MIME is made of.
    return has(bytes, 4, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07") ? "pkcs7"sv : "der"sv;
}

/// A boot sector: FAT if it describes one, else a partition table.
std::string_view disk_kind(std::string_view bytes) {
    if (bytes.size() < 1024 || byte_at(bytes, 510) != 0x55 || byte_at(bytes, 511) != 0xaa) {
        return kData;
    }
    if (has(bytes, 54, "FAT") || has(bytes, 82, "FAT") || has(bytes, 3, "NTFS") ||
        has(bytes, 3, "EXFAT")) {
        return "fat";
    }
    for (std::size_t entry = 446; entry < 510; entry += 16) {
        if (byte_at(bytes, entry) != 0 && byte_at(bytes, entry) != 0x80) return kData;
    }
    return "mbr";
}

std::string_view weak_kind(std::string_view bytes) {
    if (bytes.starts_with("MZ") || bytes.starts_with("ZM")) return is_pe(bytes) ? "pe"sv : "mz"sv;
    if (is_bzip2(bytes)) return "bzip2";
    if (is_lha(bytes)) return "lha";
    if (bytes.starts_with("\x60\xea") && le16(bytes, 2) >= 30 && le16(bytes, 2) <= 2600) {
        return "arj";
    }
    if (bytes.starts_with("\x1f\x9d") && (byte_at(bytes, 2) & 0x1f) >= 9 &&
        (byte_at(bytes, 2) & 0x1f) <= 16) {
        return "compress";
    }
    if (le16(bytes, 0) == 0x71c7 || (byte_at(bytes, 0) == 0x71 && byte_at(bytes, 1) == 0xc7)) {
        return "cpio";
    }
    // A zstd skippable frame may come first.
    if (byte_at(bytes, 0) >> 4 == 5 && has(bytes, 1, "\x2a\x4d\x18")) return "zstd";
    if (is_icon(bytes)) return "ico";
    if (is_bitmap(bytes)) return "bmp";
    if (is_truetype(bytes)) return "ttf";
    if (is_mpeg_audio(bytes)) return "mp3";
    if (is_lzma(bytes)) return "lzma";
    return kData;
}

}  // namespace

bool is_pe(std::string_view bytes) {
    return (bytes.starts_with("MZ") || bytes.starts_with("ZM")) &&
           has(bytes, le32(bytes, 60), "PE\0\0"sv);
}

std::string_view binary_kind(std::string_view bytes) {
    for (const Signature& signature : signatures()) {
        if (has(bytes, signature.offset, signature.bytes)) return signature.type;
    }
    using Test = std::string_view (*)(std::string_view);
    constexpr std::array<Test, 6> kTests = {weak_kind, cafebabe_kind, riff_kind,
                                            ftyp_kind, der_kind,      disk_kind};
    for (const Test test : kTests) {
        if (const std::string_view type = test(bytes); type != kData) return type;
    }
    if (is_old_tar(bytes)) return "tar";
    // Trailers: a fixed VHD is a raw disk with one, so is a DMG.
    if (bytes.size() >= 512 && bytes.substr(bytes.size() - 512).starts_with("conectix"))
        return "vhd";
    if (bytes.size() >= 512 && bytes.substr(bytes.size() - 512).starts_with("koly")) return "dmg";
    return kData;
}

}  // namespace postern::analyzers
