/// @file Where the time of an analysis goes: CPU milliseconds per message and per kind of object,
/// for the whole pipeline and for each engine in it. No jail, one process.
///
/// usage: analysis_bench CLAMAV_FOLDER YARA_FILE REPEATS FILE...

#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "analyzers/clamav/clamav.hpp"
#include "analyzers/pipeline/pipeline.hpp"
#include "analyzers/yara/yara.hpp"

namespace {

using namespace postern;

double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Share {
    double ms = 0;
    double bytes = 0;
    unsigned calls = 0;
};
using Shares = std::map<std::string, Share>;

/// Keeps time of the engine it holds.
class Timed final : public analyzers::Engine {
public:
    Timed(std::unique_ptr<analyzers::Engine> engine, Shares& shares)
        : engine_(std::move(engine)), shares_(shares) {}
    [[nodiscard]] std::string_view name() const override { return engine_->name(); }
    void examine(const analyzers::Artifact& artifact, const analyzers::Budget& budget,
                 analyzers::Analysis& into) const override {
        const double begun = cpu_ms();
        engine_->examine(artifact, budget, into);
        Share& share = shares_[std::string(engine_->name()) + " " + std::string(artifact.type)];
        share.ms += cpu_ms() - begun;
        share.bytes += static_cast<double>(artifact.bytes.size());
        ++share.calls;
    }

private:
    std::unique_ptr<analyzers::Engine> engine_;
    Shares& shares_;
};

std::string content_of(const char* path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::cerr << "usage: analysis_bench CLAMAV_FOLDER YARA_FILE REPEATS FILE...\n";
        return 2;
    }
    analyzers::ClamavSettings settings;
    settings.database = argv[1];
    settings.scratch = "/tmp";
    auto clamav = analyzers::ClamavEngine::load(settings);
    const std::vector<std::filesystem::path> rules = {argv[2]};
    auto yara = analyzers::YaraEngine::load(rules);
    if (!clamav || !yara) {
        std::cerr << "an engine cannot be loaded\n";
        return 1;
    }
    Shares shares;
    std::vector<std::unique_ptr<analyzers::Engine>> engines;
    engines.push_back(std::make_unique<Timed>(std::move(clamav).value(), shares));
    engines.push_back(std::make_unique<Timed>(std::move(yara).value(), shares));
    const auto magic = analyzers::Magic::load();
    const analyzers::PipelineWarmUp warm_up;
    const int repeats = std::stoi(argv[3]);
    double total = 0;
    int messages = 0;
    for (int round = 0; round < repeats; ++round) {
        for (int i = 4; i < argc; ++i) {
            const std::string bytes = content_of(argv[i]);
            const double begun = cpu_ms();
            (void)analyzers::analyze(as_bytes(bytes), analyzers::RootKind::Message, {}, {}, engines,
                                     magic.get());
            total += cpu_ms() - begun;
            ++messages;
        }
    }
    std::cout << "whole " << total / messages << " ms per message\n";
    for (const auto& [what, share] : shares) {
        std::cout << what << ": " << share.ms / messages << " ms per message, "
                  << share.ms / (share.bytes / 1e6) << " ms per MB, " << share.calls << " calls, "
                  << share.bytes / messages << " bytes per message\n";
    }
    return 0;
}
