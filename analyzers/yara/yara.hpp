#pragma once

/// @file YARA rules over every artifact.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/api/analyzer.hpp"
#include "analyzers/base/outcome.hpp"

namespace postern::analyzers {

/// What libyara says of a rule file.
struct RuleMessage {
    std::string file;
    int line = 0;  ///< from 1; 0: the file as a whole
    std::string message;

    friend bool operator==(const RuleMessage&, const RuleMessage&) = default;
};

/// One loaded rule and what its metas say, after defaults.
struct RuleInfo {
    std::string name;
    std::string file;  ///< which is also its namespace
    std::string description;
    std::string author;
    std::string date;
    Severity severity = Severity::Medium;
    Category category = Category::None;
    double score = 0;
    std::vector<std::string> attack;
    std::vector<std::string> tags;
};

/// Compiled rules, made before the first fork, and one scanner, made at the first scan. A rule is
/// code that libyara runs (a rule of 4.2.3 can divide by zero): compile and scan inside the jail
/// only. examine() is for one thread at a time.
class YaraEngine final : public Engine {
public:
    struct Loaded;

    /// Each path is a rule file, or a folder searched recursively for *.yar and *.yara, in the
    /// order of names. The first file that does not compile, or cannot be read, refuses the lot.
    [[nodiscard]] static Outcome<std::unique_ptr<YaraEngine>, RuleMessage> load(
        std::span<const std::filesystem::path> paths);
    /// The same, but leaves out what does not compile and says why.
    [[nodiscard]] static Loaded load_what_compiles(std::span<const std::filesystem::path> paths);
    /// "4.2.3"
    [[nodiscard]] static std::string version();

    ~YaraEngine() override;
    YaraEngine(const YaraEngine&) = delete;
    YaraEngine& operator=(const YaraEngine&) = delete;
    YaraEngine(YaraEngine&&) = delete;
    YaraEngine& operator=(YaraEngine&&) = delete;

    [[nodiscard]] std::string_view name() const override { return "yara"; }
    /// One YARA_MATCH per matching public rule, at most kMaxYaraMatches.
    void examine(const Artifact& artifact, const Budget& budget, Analysis& into) const override;

    /// Call before a fork: frees what scanning needs, so that the child makes its own where it has
    /// other memory too, and copies no pages for it. The next examine() makes it anew.
    void forget_scanner();

    /// All rules that are not private, in loading order.
    [[nodiscard]] const std::vector<RuleInfo>& rules() const;
    /// Of compiling, e.g. strings that slow scanning down.
    [[nodiscard]] const std::vector<RuleMessage>& warnings() const;

    struct State;  ///< of libyara
    explicit YaraEngine(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

struct YaraEngine::Loaded {
    std::unique_ptr<YaraEngine> engine;  ///< never null; may hold no rule at all
    std::vector<RuleMessage> refused;
};

/// More matches on one object than this are not reported one by one.
inline constexpr std::size_t kMaxYaraMatches = 64;

}  // namespace postern::analyzers
