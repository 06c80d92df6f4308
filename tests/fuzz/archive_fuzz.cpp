/// @file Any bytes as any container: children within the limits, names clean, nothing in silence.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "analyzers/archive/archive.hpp"
#include "analyzers/base/clean_text.hpp"

namespace {

using namespace postern::analyzers;

// The first byte of an input chooses.
constexpr std::array<std::string_view, 20> kTypes = {
    "zip",   "7z", "rar",  "tar",  "cpio", "cab", "iso",      "ar", "lha",      "gzip",
    "bzip2", "xz", "lzma", "lzip", "zstd", "lz4", "compress", "pe", "uuencode", "rpm"};

Limits small() {
    Limits limits;
    limits.bytes = std::uint64_t{2} << 20;
    limits.object_bytes = std::uint64_t{1} << 20;
    limits.names = 200;
    limits.milliseconds = 5000;
    return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const ArchiveWarmUp warm_up;
    if (size == 0) return 0;
    const Limits limits = small();
    Budget budget(limits);
    Artifact artifact{};
    artifact.bytes = std::as_bytes(std::span{data, size}).subspan(1);
    artifact.type = kTypes.at(data[0] % kTypes.size());
    artifact.name = "input.bin";
    const Analysis analysis = archive_analyze(artifact, budget);
    std::uint64_t bytes = 0;
    for (const Child& child : analysis.children) {
        bytes += child.bytes.size();
        if (child.bytes.size() > limits.object_bytes || !postern::is_utf8(child.name)) std::abort();
    }
    if (bytes > limits.bytes || analysis.children.size() > 2 * limits.names + 2) std::abort();
    for (const Child& child : analysis.children) {
        for (const std::string& flag : child.flags) {
            const bool said = !analysis.errors.empty() || !analysis.limits.empty();
            if ((flag == "corrupt" || flag == "truncated") && !said) std::abort();
        }
    }
    return 0;
}
