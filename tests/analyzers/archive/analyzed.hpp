#pragma once

/// @file What every test of this folder asks of an Analysis.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/archive/archive.hpp"

namespace postern::analyzers {

struct Analyzed {
    Analysis analysis;

    [[nodiscard]] bool flagged(std::string_view flag) const {
        const auto& flags = analysis.flags;
        return std::find(flags.begin(), flags.end(), flag) != flags.end();
    }
    [[nodiscard]] std::vector<std::string> codes() const {
        std::vector<std::string> codes;
        for (const Finding& finding : analysis.findings) codes.push_back(finding.code);
        std::sort(codes.begin(), codes.end());
        return codes;
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const Child& child : analysis.children) names.push_back(child.name);
        return names;
    }
    [[nodiscard]] bool yields(std::string_view content) const {
        return std::any_of(analysis.children.begin(), analysis.children.end(),
                           [&](const Child& child) { return child.bytes == content; });
    }
    [[nodiscard]] bool failed(ErrorCode code) const {
        return std::any_of(analysis.errors.begin(), analysis.errors.end(),
                           [&](const AnalysisError& error) { return error.code == code; });
    }
    [[nodiscard]] bool hit(Limit limit) const {
        return std::any_of(analysis.limits.begin(), analysis.limits.end(),
                           [&](const LimitHit& one) { return one.limit == limit; });
    }
    [[nodiscard]] bool quiet() const {
        return analysis.findings.empty() && analysis.errors.empty() && analysis.limits.empty() &&
               analysis.flags.empty();
    }
};

inline Analyzed analyze_archive(std::string_view bytes, std::string_view type,
                                std::string_view name = {}, const Limits& limits = {}) {
    static const ArchiveWarmUp warm_up;
    Budget budget(limits);
    Artifact artifact{};
    artifact.bytes = as_bytes(bytes);
    artifact.type = type;
    artifact.name = name;
    return {archive_analyze(artifact, budget)};
}

}  // namespace postern::analyzers
