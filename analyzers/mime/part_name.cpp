#include "analyzers/mime/part_name.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/mime/header_words.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxName = 512;
// Not a policy: only decides which of several names to show.
constexpr std::array kHarmful = {
    "zip"sv, "exe"sv, "js"sv,  "jse"sv, "vbs"sv, "vbe"sv,  "wsf"sv,   "hta"sv,   "scr"sv, "com"sv,
    "bat"sv, "cmd"sv, "ps1"sv, "pif"sv, "lnk"sv, "iso"sv,  "img"sv,   "vhd"sv,   "rar"sv, "7z"sv,
    "cab"sv, "ace"sv, "jar"sv, "msi"sv, "dll"sv, "docm"sv, "xlsm"sv,  "pptm"sv,  "xll"sv, "html"sv,
    "htm"sv, "svg"sv, "gz"sv,  "tar"sv, "one"sv, "chm"sv,  "cpl"sv,   "reg"sv,   "url"sv, "vhdx"sv,
    "rtf"sv, "arj"sv, "lzh"sv, "uue"sv, "wsh"sv, "msp"sv,  "shtml"sv, "xhtml"sv,
};

bool harmful(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    const std::string extension = ascii_lower(name.substr(dot + 1));
    return std::find(kHarmful.begin(), kHarmful.end(), extension) != kHarmful.end();
}

/// Bidirectional controls U+202A-E and U+2066-9, zero width U+200B-F, U+2800: in UTF-8.
bool misleads(std::string_view name) {
    for (std::size_t at = name.find('\xE2'); at != std::string_view::npos && at + 2 < name.size();
         at = name.find('\xE2', at + 1)) {
        const auto middle = static_cast<unsigned char>(name[at + 1]);
        const auto last = static_cast<unsigned char>(name[at + 2]);
        if (middle == 0x80 && last >= 0xAA && last <= 0xAE) return true;
        if (middle == 0x81 && last >= 0xA6 && last <= 0xA9) return true;
        if (middle == 0x80 && last >= 0x8B && last <= 0x8F) return true;
        if (middle == 0xA0 && last == 0x80) return true;
    }
    return false;
}

void add(std::vector<std::string>& names, std::string_view raw, bool& disguised) {
    if (raw.empty()) return;
    const std::string decoded = decode_words(raw);
    disguised = disguised || misleads(decoded);
    std::string name = clean_text(decoded, kMaxName);
    const std::size_t start = name.find_first_not_of(" '");
    if (start == std::string::npos) return;
    name.erase(0, start);
    name.resize(name.find_last_not_of(" '") + 1);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

PartName part_name(const ParameterList& disposition, const ParameterList& type) {
    std::vector<std::string> names;
    bool disguised = false;
    const auto add_name = [&](std::string_view raw) { add(names, raw, disguised); };
    add_name(disposition.get("filename", true));
    for (const std::string& value : disposition.all("filename")) add_name(value);
    add_name(type.get("name", true));
    for (const std::string& value : type.all("name")) add_name(value);
    // Not standard, and read by some: the parameter of the other field, pieces over both.
    ParameterList both = disposition;
    both.parameters.insert(both.parameters.end(), type.parameters.begin(), type.parameters.end());
    for (const std::string& value : both.all("filename")) add_name(value);
    for (const std::string& value : both.all("name")) add_name(value);
    if (names.empty()) return {};
    const auto worst = std::find_if(names.begin(), names.end(), harmful);
    return {.name = worst == names.end() ? names.front() : *worst,
            .differs = names.size() > 1,
            .disguised = disguised};
}

}  // namespace postern::analyzers
