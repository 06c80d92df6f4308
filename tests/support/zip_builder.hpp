#pragma once

/// @file Zip files byte by byte, so that a test can make the two headers of a member disagree.

#include <zlib.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing_support {

struct ZipFields {
    std::string name;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint32_t packed = 0;
    std::uint32_t size = 0;
};

struct ZipPart {
    ZipFields local;
    ZipFields central;
    std::string data;  ///< as it stands in the file
    std::uint32_t attributes = 0;
    bool listed = true;
};

inline std::string deflated(std::string_view content) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string input(content);
    std::string packed(content.size() + 100, '\0');
    void* in = input.data();
    void* out = packed.data();
    stream.next_in = static_cast<Bytef*>(in);
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = static_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(packed.size());
    ::deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

inline std::uint32_t crc_of(std::string_view content) {
    std::string copy(content);
    void* bytes = copy.data();
    return static_cast<std::uint32_t>(
        crc32(0, static_cast<const Bytef*>(bytes), static_cast<uInt>(copy.size())));
}

/// An honest member; a test then changes what it wants to lie about.
inline ZipPart zip_part(const std::string& name, std::string_view content, bool deflate = true) {
    ZipPart part;
    part.data = deflate ? deflated(content) : std::string(content);
    part.local = {name,
                  0,
                  static_cast<std::uint16_t>(deflate ? 8 : 0),
                  crc_of(content),
                  static_cast<std::uint32_t>(part.data.size()),
                  static_cast<std::uint32_t>(content.size())};
    part.central = part.local;
    return part;
}

class ZipBuilder {
public:
    /// `gap` goes between the last member and the central directory, which counts it in.
    static std::string build(const std::vector<ZipPart>& parts, const std::string& gap = {},
                             const std::string& comment = {}) {
        std::string file;
        std::string directory;
        std::uint16_t entries = 0;
        for (const ZipPart& part : parts) {
            const std::size_t offset = file.size();
            file += "PK\3\4";
            put(file, {{20, 2}, {part.local.flags, 2}, {part.local.method, 2}, {0, 4}});
            sizes(file, part.local);
            put(file, {{part.local.name.size(), 2}, {0, 2}});
            file += part.local.name + part.data;
            if (!part.listed) continue;
            ++entries;
            directory += "PK\1\2";
            put(directory, {{20 | 3 << 8, 2},
                            {20, 2},
                            {part.central.flags, 2},
                            {part.central.method, 2},
                            {0, 4}});
            sizes(directory, part.central);
            put(directory, {{part.central.name.size(), 2},
                            {0, 2},
                            {0, 2},
                            {0, 2},
                            {0, 2},
                            {part.attributes, 4},
                            {offset, 4}});
            directory += part.central.name;
        }
        file += gap;
        const std::size_t start = file.size();
        file += directory + "PK\5\6";
        put(file, {{0, 4},
                   {entries, 2},
                   {entries, 2},
                   {directory.size(), 4},
                   {start, 4},
                   {comment.size(), 2}});
        return file + comment;
    }

private:
    struct Number {
        std::uint64_t value;
        int size;
    };
    static void put(std::string& out, std::initializer_list<Number> numbers) {
        for (const Number& number : numbers) {
            for (int i = 0; i < number.size; ++i) {
                out += static_cast<char>(number.value >> (8 * i) & 0xff);
            }
        }
    }
    static void sizes(std::string& out, const ZipFields& fields) {
        put(out, {{fields.crc, 4}, {fields.packed, 4}, {fields.size, 4}});
    }
};

}  // namespace postern::testing_support
