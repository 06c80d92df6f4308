#include "analyzers/archive/zip_member.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "analyzers/archive/formats.hpp"
#include "analyzers/archive/inflater.hpp"

namespace postern::analyzers {
namespace {

enum Method : std::uint16_t {
    Stored = 0,
    Deflate = 8,
    Bzip2 = 12,
    Lzma = 14,
    Zstd = 93,
    Xz = 95,
    Ppmd = 98
};

constexpr std::size_t kBlock = std::size_t{64} << 10;

bool by_libarchive(std::uint16_t method) {
    constexpr std::array<std::uint16_t, 5> kMethods = {Bzip2, Lzma, Zstd, Xz, Ppmd};
    return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

/// Where the data ends if no header says: before the next record.
std::size_t data_end(std::string_view file, const ZipMember& member) {
    const std::size_t room = file.size() - member.data();
    const std::uint64_t said = std::max(member.claimed.packed_size, member.local.packed_size);
    if (said != 0 || !member.local.streamed()) {
        const std::uint64_t size = member.listed ? member.claimed.packed_size : said;
        return member.data() + static_cast<std::size_t>(std::min<std::uint64_t>(size, room));
    }
    for (std::size_t at = file.find("PK", member.data()); at != std::string_view::npos;
         at = file.find("PK", at + 1)) {
        const std::string_view record = file.substr(at, 4);
        if (record == "PK\7\x08" || record == kLocalSignature || record == "PK\1\2") return at;
    }
    return file.size();
}

ZipContent copy_stored(std::string_view file, const ZipMember& member, Unpacking& unpacking) {
    ZipContent content{.bytes = {}, .end = data_end(file, member)};
    for (std::size_t at = member.data(); at < content.end; at += kBlock) {
        const std::string_view piece = file.substr(at, std::min(kBlock, content.end - at));
        if (!unpacking.append(content.bytes, piece)) return content;
    }
    content.decoded = true;
    return content;
}

void put(std::string& record, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) record += static_cast<char>(value >> (8 * i) & 0xff);
}

/// Gives libarchive a header of ours with honest sizes, so that it never reads a hostile one.
ZipContent decode_rare(std::string_view file, const ZipMember& member, std::uint16_t method,
                       Unpacking& unpacking) {
    ZipContent content{.bytes = {}, .end = data_end(file, member)};
    const std::string_view data = file.substr(member.data(), content.end - member.data());
    constexpr std::uint16_t kEndMarker = 2;  // of LZMA: the stream says where it ends
    std::string record(kLocalSignature);
    put(record, 63, 2);
    put(record, member.claimed.flags & kEndMarker, 2);
    put(record, method, 2);
    put(record, 0, 4);
    put(record, member.claimed.crc, 4);
    put(record, data.size(), 4);
    put(record, std::min<std::uint64_t>(member.claimed.size, UINT32_MAX - 1), 4);
    put(record, 1, 2);
    put(record, 0, 2);
    record += 'm';
    record += data;
    content.decoded = decode_zip_member(unpacking, record, content.bytes);
    return content;
}

ZipContent decode_by(std::string_view file, const ZipMember& member, std::uint16_t method,
                     Unpacking& unpacking) {
    if (method == Stored) return copy_stored(file, member, unpacking);
    if (method != Deflate) return decode_rare(file, member, method, unpacking);
    // To the end of the file rather than of the data: the stream knows best where it ends.
    Inflated inflated = inflate_stream(file.substr(member.data()), unpacking);
    return {.bytes = std::move(inflated.content),
            .end = member.data() + inflated.consumed,
            .decoded = inflated.ended,
            .verified = false};
}

}  // namespace

bool zip_method_supported(std::uint16_t method) {
    return method == Stored || method == Deflate || by_libarchive(method);
}

ZipContent decode_member(std::string_view file, const ZipMember& member, Unpacking& unpacking) {
    std::vector<std::uint16_t> methods;
    for (const std::uint16_t method : {member.claimed.method, member.local.method,
                                       std::uint16_t{Deflate}, std::uint16_t{Stored}}) {
        const bool there = std::find(methods.begin(), methods.end(), method) != methods.end();
        if (!there && zip_method_supported(method)) methods.push_back(method);
    }
    ZipContent best;
    for (const std::uint16_t method : methods) {
        ZipContent content = decode_by(file, member, method, unpacking);
        if (content.decoded) {
            const std::uint32_t crc = crc32_of(content.bytes);
            const bool unknown = !member.listed && member.local.streamed();
            content.verified = crc == member.claimed.crc || crc == member.local.crc ||
                               (unknown && method == member.local.method);
        }
        if (content.verified) return content;
        const bool better = method == methods.front() || (content.decoded && !best.decoded);
        if (better) best = std::move(content);
        if (unpacking.stopped()) return best;
    }
    return best;
}

}  // namespace postern::analyzers
