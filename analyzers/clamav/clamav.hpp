#pragma once

/// @file ClamAV's signatures over every artifact.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/api/analyzer.hpp"
#include "analyzers/base/outcome.hpp"

namespace postern::analyzers {

struct ClamavSettings {
    std::filesystem::path database;              ///< folder with *.cvd, *.cld, *.ndb, *.hsb, ...
    std::filesystem::path scratch = "/scratch";  ///< must be writable when examine() is called
    bool unwanted = false;  ///< also load signatures of unwanted programs (PUA)
    /// Show libclamav's own parsers every artifact, also kinds that our analyzers take apart.
    bool all_parsers = false;
    std::uint64_t object_bytes = std::uint64_t{100} << 20;  ///< of one object it unpacks itself
    std::uint64_t bytes = std::uint64_t{400} << 20;         ///< unpacked by it for one artifact
    std::uint32_t files = 10000;
    std::uint32_t depth = 16;
    std::chrono::milliseconds time = std::chrono::seconds(20);  ///< for one artifact
};

/// What is loaded, for logs, metrics and `postern signatures status`.
struct ClamavVersions {
    std::string engine;            ///< "1.4.6"
    std::uint64_t signatures = 0;  ///< ours not counted
    std::uint32_t main = 0;        ///< version of main.cvd or .cld; 0: none
    std::uint32_t daily = 0;
    std::uint32_t bytecode = 0;
    std::int64_t newest = 0;  ///< of the database files, seconds since 1970; 0: no file
};

/// A database file libclamav does not take.
struct ClamavError {
    std::string file;     ///< empty: the engine itself
    std::string message;  ///< one line, libclamav's words
};

/// libclamav writes to its scratch folder on every scan, and calls everything clean if it cannot:
/// so every message of its at error level during a scan is an AnalysisError, and `prove()` exists.
/// libclamav has one message handler for the whole process: one scan at a time in one process.
class ClamavEngine final : public Engine {
public:
    /// Loads and compiles; takes seconds and over a gigabyte with the published database. A folder
    /// without signatures is no error (see examine), a folder that is not there is.
    [[nodiscard]] static Outcome<std::unique_ptr<ClamavEngine>, ClamavError> load(
        const ClamavSettings& settings);

    ~ClamavEngine() override;
    ClamavEngine(const ClamavEngine&) = delete;
    ClamavEngine& operator=(const ClamavEngine&) = delete;

    [[nodiscard]] std::string_view name() const override { return "clamav"; }
    /// AV_MATCH per matching signature and AV_HEURISTIC per Heuristics.* and PUA.*, at most
    /// kMaxClamavMatches in all. What libclamav could not read is an error (Encrypted, Resource,
    /// Timeout) and what passed its limits a LimitHit. With no signatures loaded: an error,
    /// Unsupported, since nothing was looked for.
    void examine(const Artifact& artifact, const Budget& budget, Analysis& into) const override;

    /// Finds a string of ours, of which the engine always has a signature, plain, in a zip and in a
    /// mail. Call it where examine() will be called: inside the jail. Empty: all found; else one
    /// sentence that says what was not.
    [[nodiscard]] std::string prove() const;

    /// Where examine() and prove() make their files from now on. False: libclamav does not take it.
    [[nodiscard]] bool move_scratch(const std::filesystem::path& folder);

    [[nodiscard]] const ClamavVersions& versions() const;

    struct State;  ///< of libclamav
    explicit ClamavEngine(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

inline constexpr std::size_t kMaxClamavMatches = 32;

}  // namespace postern::analyzers
