/// @file Archives that begin in the middle of something: self-extractors, pictures with more
/// behind them, and what follows the end of an archive.

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "analyzers/archive/formats.hpp"
#include "analyzers/archive/inflater.hpp"
#include "analyzers/archive/zip_records.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPadding = 64;  // bytes behind an archive that need no explanation

std::uint32_t u32(std::string_view bytes, std::size_t offset) {
    if (offset > bytes.size()) return 0;
    return ByteReader(as_bytes(bytes.substr(offset))).u32().value_or(0);
}
std::uint32_t u16(std::string_view bytes, std::size_t offset) {
    return u32(bytes, offset) & 0xffff;
}

/// Where the sections of a program end, so that what follows is an overlay; 0 if it has none.
std::size_t overlay_of(std::string_view file) {
    constexpr std::size_t kSection = 40;
    const std::size_t header = u32(file, 60);
    if (!file.starts_with("MZ") || header >= file.size() ||
        !file.substr(header).starts_with("PE\0\0"sv)) {
        return 0;
    }
    const std::size_t table = header + 24 + u16(file, header + 20);
    std::size_t end = 0;
    for (std::size_t i = 0; i < u16(file, header + 6); ++i) {
        const std::size_t row = table + i * kSection;
        if (row + kSection > file.size()) return 0;
        end = std::max(end, std::size_t{u32(file, row + 20)} + u32(file, row + 16));
    }
    return end < file.size() ? end : file.size();
}

bool is_7z(std::string_view at) {
    return at.size() > 32 && crc32_of(at.substr(12, 20)) == u32(at, 8);
}
bool is_rar(std::string_view at) {
    return at.size() > 20 && (at[6] == '\0' || at.substr(6, 2) == "\1\0"sv);
}
bool is_cab(std::string_view at) {
    return at.size() > 36 && u32(at, 4) == 0 && u16(at, 24) == 0x0103 && u32(at, 8) <= at.size();
}
bool is_zip(std::string_view at) {
    const auto header = read_local_header(at, 0);
    return header && (header->version & 0xff) <= 63 && !header->name.empty() &&
           header->name.size() < 1024;
}

bool is_program(std::string_view at) {
    return at.starts_with("MZ") && at.size() > 64 && u32(at, 60) < at.size() &&
           at.substr(u32(at, 60)).starts_with("PE\0\0"sv);
}

struct Mark {
    std::string_view signature;
    bool (*valid)(std::string_view);
    std::string_view name;
};
constexpr std::array kMarks = {
    Mark{"MZ"sv, is_program, "appended.exe"}, Mark{"7z\xbc\xaf\x27\x1c"sv, is_7z, "appended.7z"},
    Mark{"Rar!\x1a\x07"sv, is_rar, "appended.rar"}, Mark{"MSCF\0\0\0\0"sv, is_cab, "appended.cab"},
    Mark{kLocalSignature, is_zip, "appended.zip"}};

void add_slice(Unpacking& unpacking, std::string_view slice, std::string_view name,
               std::string_view flag) {
    std::string copy;
    if (!unpacking.append(copy, slice)) return;
    unpacking.flag(flag);
    unpacking.add_child(std::move(copy), name, {std::string(flag)});
}

}  // namespace

void carve_appended(Unpacking& unpacking) {
    const std::string_view file = as_text(unpacking.bytes());
    const std::size_t from = std::max<std::size_t>(overlay_of(file), 1);
    for (const Mark& mark : kMarks) {
        // A program that holds programs is an installer, or a linker's table; a picture is neither.
        if (mark.valid == is_program && file.starts_with("MZ")) continue;
        for (std::size_t at = file.find(mark.signature, from); at != std::string_view::npos;
             at = file.find(mark.signature, at + 1)) {
            if (!mark.valid(file.substr(at))) continue;
            if (!unpacking.admit_member()) return;
            add_slice(unpacking, file.substr(at), mark.name, "appended-archive");
            break;
        }
    }
}

void add_trailer(Unpacking& unpacking, std::size_t end) {
    const std::string_view file = as_text(unpacking.bytes());
    if (end >= file.size() || unpacking.stopped()) return;
    std::string_view rest = file.substr(end);
    const std::size_t first = rest.find_first_not_of(std::string_view("\0\r\n\t ", 5));
    if (first == std::string_view::npos) return;
    rest.remove_prefix(first);
    if (rest.size() <= kPadding) return;
    add_slice(unpacking, rest, "trailing-data", "trailing-data");
}

}  // namespace postern::analyzers
