#include "analyzers/archive/inflater.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

namespace postern::analyzers {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10;

struct Ender {
    void operator()(z_stream* stream) const { inflateEnd(stream); }
};

/// zlib declares its input as writable, and does not write to it.
Bytef* input(std::string_view bytes) {
    const void* start = bytes.data();
    return static_cast<Bytef*>(const_cast<void*>(start));
}

}  // namespace

Inflated inflate_stream(std::string_view packed, Unpacking& unpacking) {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, Ender> owner(&stream);
    Inflated result;
    std::array<char, kBlock> block{};
    int state = Z_OK;
    while (state == Z_OK) {
        if (stream.avail_in == 0) {
            const std::string_view piece = packed.substr(result.consumed, kBlock);
            if (piece.empty()) break;
            stream.next_in = input(piece);
            stream.avail_in = static_cast<uInt>(piece.size());
        }
        const uInt before = stream.avail_in;
        void* out = block.data();
        stream.next_out = static_cast<Bytef*>(out);
        stream.avail_out = static_cast<uInt>(block.size());
        state = inflate(&stream, Z_NO_FLUSH);
        result.consumed += before - stream.avail_in;
        const std::size_t made = block.size() - stream.avail_out;
        if (!unpacking.append(result.content, {block.data(), made})) return result;
    }
    result.ended = state == Z_STREAM_END;
    return result;
}

std::uint32_t crc32_of(std::string_view content) {
    uLong crc = crc32(0, nullptr, 0);
    for (std::size_t at = 0; at < content.size(); at += kBlock) {
        const std::string_view piece = content.substr(at, kBlock);
        crc = crc32(crc, input(piece), static_cast<uInt>(piece.size()));
    }
    return static_cast<std::uint32_t>(crc);
}

}  // namespace postern::analyzers
