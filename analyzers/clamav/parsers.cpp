#include "analyzers/clamav/parsers.hpp"

#include <clamav.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace postern::analyzers::clamav {
namespace {

constexpr std::uint32_t kAll = ~std::uint32_t{0};

// What analyzers/archive opens and libclamav would open again. Programs are not here: libclamav's
// PE unpackers see what no archive reader does.
constexpr std::array<std::string_view, 32> kArchives = {
    "zip",   "jar", "apk",  "msix",  "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx",    "pptm",
    "ooxml", "odf", "epub", "7z",    "rar",  "tar",  "cpio", "ar",   "cab",  "iso",     "lha",
    "xar",   "rpm", "gzip", "bzip2", "xz",   "zstd", "lzma", "lz4",  "lzip", "compress"};

bool is_archive(std::string_view type) {
    return std::find(kArchives.begin(), kArchives.end(), type) != kArchives.end();
}

}  // namespace

std::uint32_t parsers_for(const Artifact& artifact) {
    // Nothing came out, or something was odd: then two opinions are better than one.
    if (!artifact.taken_apart) return kAll;
    if (artifact.type == "mail") return kAll & ~std::uint32_t{CL_SCAN_PARSE_MAIL};
    if (is_archive(artifact.type)) {
        return kAll & ~std::uint32_t{CL_SCAN_PARSE_ARCHIVE | CL_SCAN_PARSE_XMLDOCS};
    }
    return kAll;
}

}  // namespace postern::analyzers::clamav
