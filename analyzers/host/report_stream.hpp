#pragma once

/// @file The way a report takes from one worker to the thread that waits for it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "analyzers/base/unique_fd.hpp"

namespace postern::host {

struct ReportStream {
    UniqueFd reader;
    UniqueFd writer;  ///< the worker's; close it here once it is sent
};
/// nullopt: no descriptors left.
[[nodiscard]] std::optional<ReportStream> make_report_stream();

enum class StreamEnd : std::uint8_t {
    Closed,   ///< everybody who could write is gone
    TooLong,  ///< more than kMaxReport
    Late,
};
/// Reads to the end. Takes bytes only: descriptors that come with them are dropped by the kernel.
[[nodiscard]] StreamEnd read_report(int reader, std::chrono::steady_clock::time_point until,
                                    std::string& into);

}  // namespace postern::host
