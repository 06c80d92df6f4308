#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "analyzers/pipeline/pipeline.hpp"

namespace postern::analyzers {

/// What the parts of a report may take, in bytes of their strings, so that the whole stays below
/// kMaxReport. What goes beyond is not listed, and a LimitHit says so.
inline constexpr std::size_t kMaxObjectsSize = 384 << 10;
inline constexpr std::size_t kMaxUrlsSize = 256 << 10;
inline constexpr std::size_t kMaxFindingsSize = 160 << 10;
inline constexpr std::size_t kMaxErrorsSize = 64 << 10;
inline constexpr std::size_t kMaxLimitHits = 100;
inline constexpr std::size_t kMaxObjectName = 256;
inline constexpr std::size_t kMaxPathName = 60;       ///< of a name inside a path
inline constexpr std::size_t kMaxReportedUrl = 1024;  ///< longer ones are cut, flag "truncated"
inline constexpr std::size_t kMaxSameFinding = 20;    ///< of one code in one object

/// The analysis of one root; used once.
class Walk {
public:
    Walk(const Limits& limits, Engines engines, const Magic* magic)
        : budget_(limits), engines_(engines), magic_(magic) {}

    [[nodiscard]] Report run(ByteView root, RootKind kind, std::string_view name);
    /// What is known so far, after run() has thrown, with an error that says it is not all.
    [[nodiscard]] Report give_up();

private:
    struct Pending {
        Child child;
        std::uint32_t parent = 0;
        std::uint32_t depth = 0;
        std::string path;
    };
    /// An object while it is looked at.
    struct Current {
        Artifact artifact;
        std::uint32_t index = 0;
        std::vector<std::string_view> types;  ///< all that it is
    };

    void visit_root(ByteView root, RootKind kind, std::string_view name);
    void visit(Pending pending);
    [[nodiscard]] bool list(Object object);
    void examine(Current& current);
    void run_analyzer(const Analyzer& analyzer, const Current& current);
    void run_engines(const Current& current);
    void take(Analysis analysis, const Current& current, std::string_view analyzer);
    void take_children(std::vector<Child> children, const Current& current);
    void take_text(const Analysis& analysis, const Current& current, std::string_view analyzer);
    void judge(const Current& current);
    void add_url(const FoundUrl& found, std::uint32_t object);
    void add_finding(Finding found, std::uint32_t object);
    void add_error(AnalysisError error, std::uint32_t object);
    void add_limit(LimitHit hit, std::uint32_t object);
    void add_dmarc_report(DmarcReport report, std::uint32_t object);
    void add_flag(std::uint32_t object, std::string_view flag);
    [[nodiscard]] bool out_of_time(std::uint32_t object);

    Report report_;
    Budget budget_;
    Engines engines_;
    const Magic* magic_;
    std::vector<Pending> pending_;  ///< a stack
    std::unordered_set<std::string> analyzed_;
    std::unordered_set<std::string> urls_;  ///< of the current object
    std::size_t objects_size_ = 0;
    std::size_t urls_size_ = 0;
    std::size_t findings_size_ = 0;
    std::size_t errors_size_ = 0;
    bool preview_is_plain_ = false;
};

}  // namespace postern::analyzers
