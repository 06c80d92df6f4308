/// @file gzip (RFC 1952): members one behind another, each with a name of its own.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "analyzers/archive/formats.hpp"
#include "analyzers/archive/inflater.hpp"
#include "analyzers/base/ascii.hpp"

namespace postern::analyzers {
namespace {

struct Header {
    std::size_t length = 0;
    std::string_view name;
};

unsigned char_at(std::string_view bytes, std::size_t offset) {
    return offset < bytes.size() ? static_cast<unsigned char>(bytes[offset]) : 0U;
}

/// Length of a zero-terminated field; nullopt if it does not end.
std::optional<std::size_t> zero_terminated(std::string_view bytes, std::size_t at) {
    const std::size_t end = bytes.find('\0', std::min(at, bytes.size()));
    if (end == std::string_view::npos) return std::nullopt;
    return end - at;
}

std::optional<Header> read_header(std::string_view bytes) {
    enum Flag : unsigned { HeaderCrc = 2, Extra = 4, Name = 8, Comment = 16 };
    if (bytes.size() < 10 || !bytes.starts_with("\x1f\x8b\x08")) return std::nullopt;
    const unsigned flags = char_at(bytes, 3);
    Header header{.length = 10, .name = {}};
    if ((flags & Extra) != 0) {
        header.length += 2 + (char_at(bytes, 10) | char_at(bytes, 11) << 8);
    }
    for (const unsigned field : {unsigned{Name}, unsigned{Comment}}) {
        if ((flags & field) == 0) continue;
        const auto length = zero_terminated(bytes, header.length);
        if (!length) return std::nullopt;
        if (field == Name) header.name = bytes.substr(header.length, *length);
        header.length += *length + 1;
    }
    if ((flags & HeaderCrc) != 0) header.length += 2;
    if (header.length > bytes.size()) return std::nullopt;
    return header;
}

/// "a.tar" for "a.tgz", "a" for "a.gz".
std::string inner_name(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return std::string(name);
    const std::string extension = ascii_lower(name.substr(dot + 1));
    if (extension == "tgz") return std::string(name.substr(0, dot)) + ".tar";
    return std::string(extension == "gz" ? name.substr(0, dot) : name);
}

}  // namespace

void unpack_gzip(Unpacking& unpacking) {
    constexpr std::size_t kTrailer = 8;
    const std::string_view file = as_text(unpacking.bytes());
    std::string content;
    std::string name = inner_name(unpacking.name());
    std::size_t at = 0;
    bool intact = true;
    // Programs that unpack join the members: so do we.
    while (intact) {
        const auto header = read_header(file.substr(at));
        if (!header) break;
        if (at == 0 && !header->name.empty()) name = header->name;
        if (!unpacking.admit_member()) return;
        const std::size_t data = at + header->length;
        Inflated part = inflate_stream(file.substr(data), unpacking);
        const std::uint32_t crc = crc32_of(part.content);
        const std::size_t end = data + part.consumed;
        content += part.content;
        intact = part.ended && file.size() - end >= kTrailer;
        for (std::size_t i = 0; intact && i < 4; ++i) {
            intact = char_at(file, end + i) == (crc >> (8 * i) & 0xff);
        }
        at = std::min(end + kTrailer, file.size());
    }
    std::vector<std::string> flags;
    if (unpacking.stopped()) {
        flags.emplace_back("truncated");
    } else if (!intact || at == 0) {
        flags.emplace_back("corrupt");
        unpacking.fail(ErrorCode::Corrupt, "gzip stream is broken or cut short");
    }
    if (at == 0) return;
    unpacking.add_child(std::move(content), name, std::move(flags));
    if (intact) add_trailer(unpacking, at);
}

}  // namespace postern::analyzers
