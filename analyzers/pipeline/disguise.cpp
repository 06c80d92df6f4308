#include "analyzers/pipeline/disguise.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "analyzers/base/ascii.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::array kPrograms = {"pe"sv,  "mz"sv,    "elf"sv, "macho"sv, "lnk"sv,
                                  "msi"sv, "class"sv, "dex"sv, "hta"sv,   "encoded-script"sv};
constexpr std::array kHarmless = {
    "txt"sv, "pdf"sv, "doc"sv, "docx"sv, "xls"sv, "xlsx"sv, "ppt"sv, "pptx"sv, "odt"sv,  "ods"sv,
    "rtf"sv, "csv"sv, "jpg"sv, "jpeg"sv, "png"sv, "gif"sv,  "bmp"sv, "tif"sv,  "tiff"sv, "webp"sv,
    "mp3"sv, "mp4"sv, "wav"sv, "avi"sv,  "eml"sv, "ics"sv,  "xml"sv, "json"sv, "log"sv,  "heic"sv};
constexpr std::array kRuns = {"exe"sv, "scr"sv, "com"sv, "pif"sv, "bat"sv, "cmd"sv,
                              "js"sv,  "jse"sv, "vbs"sv, "vbe"sv, "wsf"sv, "wsh"sv,
                              "hta"sv, "lnk"sv, "ps1"sv, "msi"sv, "cpl"sv, "jar"sv,
                              "url"sv, "reg"sv, "dll"sv, "scf"sv, "chm"sv, "xll"sv};
constexpr std::array kArchives = {"zip"sv, "7z"sv,  "rar"sv, "cab"sv, "iso"sv,
                                  "ace"sv, "arj"sv, "lha"sv, "jar"sv, "wim"sv};

template <class Table>
bool holds(const Table& table, std::string_view word) {
    return std::find(table.begin(), table.end(), word) != table.end();
}

std::string trimmed_extension(std::string_view name) {
    while (name.ends_with(' ') || name.ends_with('.')) name.remove_suffix(1);
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string{} : ascii_lower(name.substr(dot + 1));
}

}  // namespace

bool is_program(std::string_view type) {
    return holds(kPrograms, type);
}

bool contradicts(std::string_view type, std::string_view mime, std::string_view declared_mime) {
    const std::string_view family = declared_mime.substr(0, declared_mime.find('/'));
    const bool binary = is_program(type) || holds(kArchives, type) || type == "pdf";
    if (family == "image") {
        return binary || type == "html" || type == "javascript" || type == "vbscript";
    }
    if (family == "audio" || family == "video" || family == "text") return binary;
    if (declared_mime == "application/pdf") {
        return type != "pdf" && type != "data" && type != "empty" && mime != declared_mime;
    }
    return false;
}

bool has_harmless_extension(std::string_view name) {
    return holds(kHarmless, trimmed_extension(name));
}

bool has_double_extension(std::string_view name) {
    if (!holds(kRuns, trimmed_extension(name))) return false;
    while (name.ends_with(' ') || name.ends_with('.')) name.remove_suffix(1);
    return has_harmless_extension(name.substr(0, name.rfind('.')));
}

}  // namespace postern::analyzers
