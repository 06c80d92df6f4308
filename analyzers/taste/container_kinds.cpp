/// @file Zip and OLE files hold documents of many kinds: the names inside tell which.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "analyzers/base/bytes.hpp"
#include "analyzers/taste/binary_kinds.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxNames = 2000;                       // of a zip, looked at
constexpr std::size_t kDirectoryEntry = 128;                  // of an OLE file
constexpr std::size_t kMaxDirectory = 256 * kDirectoryEntry;  // looked at
constexpr std::size_t kMaxZipTail = (64 << 10) + 22;          // longest comment, and the end record

struct Seen {
    bool word = false, excel = false, powerpoint = false, binary_workbook = false, macros = false;
    bool content_types = false, manifest = false, classes = false, android = false, msix = false;
};

void see(std::string_view name, Seen& seen) {
    seen.word |= name.starts_with("word/");
    seen.excel |= name.starts_with("xl/");
    seen.powerpoint |= name.starts_with("ppt/");
    seen.binary_workbook |= name == "xl/workbook.bin";
    seen.macros |= name.ends_with("vbaProject.bin") || name.starts_with("xl/macrosheets/");
    seen.content_types |= name == "[Content_Types].xml";
    seen.manifest |= name == "META-INF/MANIFEST.MF";
    seen.classes |= name.ends_with(".class");
    seen.android |= name == "AndroidManifest.xml" || name == "classes.dex";
    seen.msix |= name == "AppxManifest.xml" || name == "AppxMetadata/AppxBundleManifest.xml";
}

std::string_view judge(const Seen& seen) {
    if (seen.content_types && seen.msix) return "msix";
    if (seen.content_types || seen.macros) {
        if (seen.word) return seen.macros ? "docm" : "docx";
        if (seen.binary_workbook) return "xlsb";
        if (seen.excel) return seen.macros ? "xlsm" : "xlsx";
        if (seen.powerpoint) return seen.macros ? "pptm" : "pptx";
        if (seen.content_types) return "ooxml";
    }
    if (seen.android) return "apk";
    return seen.manifest || seen.classes ? "jar"sv : "zip"sv;
}

/// ODF and EPUB begin with a stored member "mimetype" that holds the media type.
std::string_view by_mimetype_member(std::string_view bytes) {
    constexpr std::string_view kName = "mimetype";
    if (bytes.size() < 38 + 30 || bytes.substr(30, kName.size()) != kName) return "zip";
    const std::string_view content = bytes.substr(38, 64);
    if (content.find("application/vnd.oasis.opendocument") < 32) return "odf";
    return content.find("application/epub+zip") < 32 ? "epub"sv : "zip"sv;
}

struct Name {
    std::string_view name;
    std::string_view type;
};
// The first that is there decides: an encrypted document says only that.
constexpr std::array kNames = {Name{"EncryptedPackage", "office-encrypted"},
                               Name{"__properties_version1.0", "msg"},
                               Name{"WordDocument", "doc"},
                               Name{"Workbook", "xls"},
                               Name{"Book", "xls"},
                               Name{"PowerPoint Document", "ppt"},
                               Name{"VisioDocument", "visio"},
                               Name{"Quill", "publisher"}};

std::size_t number(std::string_view bytes, std::size_t offset, std::size_t size) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < size && offset + i < bytes.size(); ++i) {
        value |= std::size_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
    }
    return value;
}

/// The name of a directory entry, of its UTF-16 only the lower bytes ([MS-CFB] 2.6.1).
std::string entry_name(std::string_view entry) {
    const std::size_t length = std::min<std::size_t>(number(entry, 64, 2), 64);
    std::string name;
    for (std::size_t i = 0; i < length && entry[i] != '\0'; i += 2) name += entry[i];
    return name;
}

}  // namespace

std::string_view zip_kind(std::string_view bytes) {
    if (const std::string_view type = by_mimetype_member(bytes); type != "zip") return type;
    Seen seen;
    // The central directory, if the end record leads to one; it is at most 64 KiB from the end.
    const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kMaxZipTail));
    const std::size_t end = tail.rfind("PK\5\6");
    std::size_t at = end == std::string_view::npos ? bytes.size() : number(tail, end + 16, 4);
    for (std::size_t i = 0; i < kMaxNames && at < bytes.size(); ++i) {
        if (!bytes.substr(at).starts_with("PK\1\2") || bytes.size() - at < 46) break;
        const std::size_t name = number(bytes, at + 28, 2);
        see(bytes.substr(at + 46, name), seen);
        at += 46 + name + number(bytes, at + 30, 2) + number(bytes, at + 32, 2);
    }
    // And local headers one behind another: a zip without its end is a document all the same.
    at = 0;
    for (std::size_t i = 0; i < kMaxNames && at < bytes.size(); ++i) {
        if (!bytes.substr(at).starts_with("PK\3\4") || bytes.size() - at < 30) break;
        const std::size_t name = number(bytes, at + 26, 2);
        see(bytes.substr(at + 30, name), seen);
        at += 30 + name + number(bytes, at + 28, 2) + number(bytes, at + 18, 4);
    }
    return judge(seen);
}

std::string_view ole_kind(std::string_view bytes) {
    if (bytes.size() < 512) return "ole";
    const std::size_t shift = number(bytes, 30, 2);
    if (shift != 9 && shift != 12) return "ole";
    const std::size_t directory = (number(bytes, 48, 4) + 1) << shift;
    if (directory >= bytes.size()) return "ole";
    // Directory sectors need not be neighbours, but the entries that matter come early.
    const std::string_view entries = bytes.substr(directory, kMaxDirectory);
    // CLSID of the root entry 000C1084-0000-0000-C000-000000000046: Windows Installer.
    if (entries.substr(0, 96).ends_with("\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"sv))
        return "msi";
    for (const Name& entry : kNames) {
        for (std::size_t at = 0; at + kDirectoryEntry <= entries.size(); at += kDirectoryEntry) {
            if (entry_name(entries.substr(at, kDirectoryEntry)) == entry.name) return entry.type;
        }
    }
    return "ole";
}

}  // namespace postern::analyzers
