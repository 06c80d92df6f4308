#include "analyzers/archive/archive.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "analyzers/archive/formats.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::array kZips = {"zip"sv,  "jar"sv,   "apk"sv,  "msix"sv, "docx"sv,
                              "docm"sv, "xlsx"sv,  "xlsm"sv, "xlsb"sv, "pptx"sv,
                              "pptm"sv, "ooxml"sv, "odf"sv,  "epub"sv, "crx"sv};
// Read by unpack_by_libarchive().
constexpr std::array kOthers = {"7z"sv,   "rar"sv, "tar"sv,      "cpio"sv, "cab"sv,  "iso"sv,
                                "ar"sv,   "lha"sv, "bzip2"sv,    "xz"sv,   "lzma"sv, "lzip"sv,
                                "zstd"sv, "lz4"sv, "compress"sv, "rpm"sv};
constexpr std::array kTexts = {"uuencode"sv, "yenc"sv, "binhex"sv};
constexpr std::array kPrograms = {"pe"sv, "mz"sv, "elf"sv};
// Containers that nobody here opens: said aloud, so that they do not pass for empty.
constexpr std::array kUnreadable = {
    "arj"sv, "ace"sv, "alz"sv,  "egg"sv,  "xar"sv,  "wim"sv, "lzop"sv, "installshield"sv,
    "udf"sv, "vhd"sv, "vhdx"sv, "vmdk"sv, "qcow"sv, "dmg"sv, "fat"sv,  "mbr"sv};
constexpr std::array kUncommon = {"arj"sv, "ace"sv, "alz"sv, "egg"sv,  "lha"sv,
                                  "wim"sv, "udf"sv, "vhd"sv, "vhdx"sv, "vmdk"sv,
                                  "iso"sv, "fat"sv, "mbr"sv, "xar"sv,  "cab"sv};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view type) {
    return std::find(list.begin(), list.end(), type) != list.end();
}

void unpack_rar(Unpacking& unpacking) {
    const std::string_view bytes = as_text(unpacking.bytes());
    if (!bytes.starts_with("Rar!")) {
        carve_appended(unpacking);
        return;
    }
    judge_rar(unpacking);
    const bool fifth = bytes.starts_with("Rar!\x1a\x07\x01"sv);
    static_cast<void>(unpack_by_libarchive(unpacking, fifth ? "rar5" : "rar4"));
}

void unpack(Unpacking& unpacking, std::string_view type) {
    if (contains(kUncommon, type)) unpacking.find("ARCHIVE_UNCOMMON", type);
    if (contains(kZips, type)) {
        unpack_zip(unpacking);
    } else if (type == "gzip") {
        unpack_gzip(unpacking);
    } else if (type == "rar") {
        unpack_rar(unpacking);
    } else if (contains(kTexts, type)) {
        unpack_encoded_text(unpacking);
    } else if (contains(kPrograms, type)) {
        carve_appended(unpacking);
    } else if (contains(kUnreadable, type) || !unpack_by_libarchive(unpacking, type)) {
        unpacking.fail(ErrorCode::Unsupported, type);
    }
}

}  // namespace

bool archive_accepts(std::string_view type) {
    return contains(kZips, type) || contains(kOthers, type) || contains(kPrograms, type) ||
           contains(kUnreadable, type) || contains(kTexts, type) || type == "gzip";
}

Analysis archive_analyze(const Artifact& artifact, Budget& budget) {
    Unpacking unpacking(artifact, budget);
    try {
        unpack(unpacking, artifact.type);
    } catch (const std::bad_alloc&) {
        unpacking.fail(ErrorCode::Resource, "out of memory");
    }
    return unpacking.finish();
}

}  // namespace postern::analyzers
