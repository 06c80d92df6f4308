#pragma once

/// @file The whole analysis of one message: taste, analyze, engines, and the same for what came
/// out.

#include <memory>
#include <span>
#include <string_view>

#include "analyzers/api/analyzer.hpp"
#include "analyzers/api/limits.hpp"
#include "analyzers/api/report.hpp"
#include "analyzers/taste/taste.hpp"

namespace postern::analyzers {

/// What the root is taken for. Message: an e-mail, whatever its bytes look like. Object: a file,
/// what taste says it is.
enum class RootKind : std::uint8_t { Message, Object };

using Engines = std::span<const std::unique_ptr<Engine>>;

/// What the analyzers of this pipeline would load at first use (tables of rare charsets, and what
/// archive needs). Make one before the first fork and keep it.
class PipelineWarmUp {
public:
    PipelineWarmUp();
    ~PipelineWarmUp();
    PipelineWarmUp(const PipelineWarmUp&) = delete;
    PipelineWarmUp& operator=(const PipelineWarmUp&) = delete;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Takes `root` apart, depth first, as far as `limits` allow; each object is tasted, analyzed and
/// shown to every engine once, and what it contains follows. Equal objects are listed each time and
/// analyzed once (flag "repeated"). Never throws: what failed is in Report::errors, what was not
/// looked at is in Report::limits, and the report is bounded so that its encoding stays below
/// kMaxReport. `name` is the file's name where there is one, else empty. `magic` may be nullptr.
/// Deterministic but for Finding::ms and the time limit.
[[nodiscard]] Report analyze(ByteView root, RootKind kind, std::string_view name,
                             const Limits& limits, Engines engines, const Magic* magic = nullptr);

}  // namespace postern::analyzers
