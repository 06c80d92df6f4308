#pragma once

/// @file What a postern-analyzer is told when it starts: one small JSON document, handed over as an
/// inherited descriptor. Written by host, read by worker.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::host {

enum class JailRequirement : std::uint8_t { Seccomp, Reduced, Full };

struct AnalyzerSettings {
    std::string clamav;  ///< database folder; empty: no ClamAV
    bool clamav_all_parsers = false;
    bool clamav_unwanted = false;   ///< PUA signatures too
    std::vector<std::string> yara;  ///< rule files and folders
    JailRequirement require = JailRequirement::Full;
    std::uint32_t idle_workers = 4;
    std::uint32_t max_workers = 16;
    std::uint64_t memory = std::uint64_t{512} << 20;  ///< a worker may add, bytes
    std::uint64_t scratch = std::uint64_t{64} << 20;  ///< its private tmpfs, bytes
    std::string scratch_base;  ///< folder for scratch where there are no namespaces; empty: none
    std::chrono::milliseconds cpu_time = std::chrono::seconds(25);   ///< rounded up to seconds
    std::chrono::milliseconds wall_time = std::chrono::seconds(30);  ///< see DoorSettings

    friend bool operator==(const AnalyzerSettings&, const AnalyzerSettings&) = default;
};

[[nodiscard]] std::string to_json(const AnalyzerSettings& settings);
/// The failure is one sentence. Unknown keys and wrong types are refused.
[[nodiscard]] Outcome<AnalyzerSettings, std::string> settings_from_json(std::string_view text);

}  // namespace postern::host
