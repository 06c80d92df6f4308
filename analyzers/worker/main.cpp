/// @file postern-analyzer: loads the engines and analyzes each message in a worker of its own that
/// can reach nothing. Started by postern, never by hand: README.md.

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/host/analyzer_settings.hpp"
#include "analyzers/worker/commands.hpp"
#include "analyzers/worker/workload.hpp"
#include "sandbox/control.hpp"
#include "sandbox/launcher.hpp"

namespace {

using namespace postern;

constexpr int kUsage = 2;
constexpr std::size_t kMaxSettings = std::size_t{1} << 20;

struct Descriptors {
    int channel = -1;
    int settings = -1;
};

bool number(std::string_view text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 2;
}

bool parse(int argc, char** argv, Descriptors& given) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        if (option == "--channel-fd" && number(argv[i + 1], given.channel)) continue;
        if (option == "--settings-fd" && number(argv[i + 1], given.settings)) continue;
        return false;
    }
    return argc == 5 && given.channel > 2 && given.settings > 2;
}

std::string read_all(int file) {
    std::string text;
    std::array<char, 4096> block{};
    for (off_t at = 0; text.size() < kMaxSettings;) {
        const ssize_t count = ::pread(file, block.data(), block.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        text.append(block.data(), static_cast<std::size_t>(count));
        at += count;
    }
    return text;
}

/// What `postern jail` and `postern rules` ask; nullopt: something else was asked.
std::optional<int> run_command(std::vector<std::string> words) {
    if (words.empty()) return std::nullopt;
    const std::string command = words.front();
    words.erase(words.begin());
    const bool json = !words.empty() && words.front() == "--json";
    if (json) words.erase(words.begin());
    if (command == "--prove") return worker::prove_jail(json);
    if (command == "--rules-check") return worker::check_rules(words, json);
    if (command == "--rules-list") return worker::list_rules(words, json);
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
        std::puts("postern-analyzer " POSTERN_VERSION);
        return 0;
    }
    if (const auto code = run_command(std::vector<std::string>(argv + 1, argv + argc))) {
        return *code;
    }
    Descriptors given;
    if (!parse(argc, argv, given)) {
        std::fputs("postern-analyzer is started by postern, with --channel-fd and --settings-fd\n",
                   stderr);
        return kUsage;
    }
    // No file is read for the time zone, and text is UTF-8 for libarchive, wherever we are started.
    ::setenv("TZ", "UTC0", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    const auto settings = host::settings_from_json(read_all(given.settings));
    ::close(given.settings);
    if (!settings) {
        (void)sandbox::send(given.channel,
                            sandbox::Failed{sandbox::Kind::Failed, settings.error()});
        return 1;
    }
    worker::AnalyzerWorkload workload(*settings);
    return sandbox::run_launcher(worker::policy_for(*settings), workload, given.channel);
}
