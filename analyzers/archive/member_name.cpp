/// @file Names in archives are made by attackers: what a person sees and what Windows runs differ.

#include <algorithm>
#include <array>

#include "analyzers/archive/unpacking.hpp"
#include "analyzers/base/ascii.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

// What starts a program when it is double-clicked.
constexpr std::array kRuns = {"exe"sv,  "scr"sv, "com"sv, "pif"sv, "bat"sv, "cmd"sv, "js"sv,
                              "jse"sv,  "vbs"sv, "vbe"sv, "wsf"sv, "wsh"sv, "hta"sv, "lnk"sv,
                              "ps1"sv,  "msi"sv, "cpl"sv, "jar"sv, "url"sv, "chm"sv, "scf"sv,
                              "iso"sv,  "img"sv, "dll"sv, "reg"sv, "inf"sv, "sct"sv, "vhd"sv,
                              "vhdx"sv, "xll"sv, "one"sv};
// What people open without a second thought.
constexpr std::array kLooks = {"pdf"sv, "doc"sv, "docx"sv, "xls"sv,  "xlsx"sv, "ppt"sv, "pptx"sv,
                               "rtf"sv, "txt"sv, "jpg"sv,  "jpeg"sv, "png"sv,  "gif"sv, "bmp"sv,
                               "mp3"sv, "mp4"sv, "html"sv, "htm"sv,  "csv"sv,  "odt"sv, "zip"sv};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view word) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view item) {
        return item.size() == word.size() && ascii_iequal(item, word);
    });
}

bool leaves_folder(std::string_view name) {
    if (name.starts_with('/') || name.starts_with('\\')) return true;
    if (name.size() > 2 && ascii_alpha(name[0]) && name[1] == ':' &&
        (name[2] == '\\' || name[2] == '/')) {
        return true;
    }
    for (std::string_view rest = name; !rest.empty();) {
        const std::size_t end = std::min(rest.find_first_of("/\\"), rest.size());
        if (rest.substr(0, end) == "..") return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

/// U+200B-200F, U+202A-202E, U+2060-2069, U+2800, U+FEFF, in UTF-8; and control characters.
bool hides_itself(std::string_view name) {
    constexpr std::array kRanges = {std::pair{"\xe2\x80\x8b"sv, "\xe2\x80\x8f"sv},
                                    std::pair{"\xe2\x80\xaa"sv, "\xe2\x80\xae"sv},
                                    std::pair{"\xe2\x81\xa0"sv, "\xe2\x81\xa9"sv},
                                    std::pair{"\xe2\xa0\x80"sv, "\xe2\xa0\x80"sv},
                                    std::pair{"\xef\xbb\xbf"sv, "\xef\xbb\xbf"sv}};
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (static_cast<unsigned char>(name[i]) < 0x20) return true;
        const std::string_view here = name.substr(i, 3);
        for (const auto& range : kRanges) {
            if (here >= range.first && here <= range.second) return true;
        }
    }
    return false;
}

}  // namespace

NameTraits name_traits(std::string_view raw_name) {
    NameTraits traits;
    traits.leaves_folder = leaves_folder(raw_name);
    traits.hides_itself = hides_itself(raw_name);
    const std::size_t slash = raw_name.find_last_of("/\\");
    std::string_view last = slash == std::string_view::npos ? raw_name : raw_name.substr(slash + 1);
    // Windows drops blanks and dots at the end.
    while (last.ends_with(' ') || last.ends_with('.')) last.remove_suffix(1);
    traits.alternate_stream = last.find(':', 2) != std::string_view::npos;
    const std::size_t dot = last.rfind('.');
    if (dot == std::string_view::npos || !contains(kRuns, last.substr(dot + 1))) return traits;
    std::string_view stem = last.substr(0, dot);
    while (stem.ends_with(' ') || stem.ends_with('_')) stem.remove_suffix(1);
    const std::size_t inner = stem.rfind('.');
    traits.double_extension =
        inner != std::string_view::npos && contains(kLooks, stem.substr(inner + 1));
    return traits;
}

}  // namespace postern::analyzers
