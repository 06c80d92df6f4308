/// @file main() of `postern`: global options, then one command.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>

#include "gateway/checks/plan.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/settings/config_error.hpp"

namespace postern::cli {
namespace {

constexpr std::string_view kDefaultConfig = "/etc/postern/postern.toml";

const std::vector<Option>& global_options() {
    static const std::vector<Option> options = {
        {"config", "FILE", "configuration (default /etc/postern/postern.toml, else built-in)"},
        {"json", "", "answer in JSON, one object per line"},
        {"help", "", "show this, or a command's help"},
        {"version", "", "show the version"}};
    return options;
}

void print_options(const std::vector<Option>& options) {
    for (const Option& option : options) {
        std::string left = "  --" + std::string(option.name);
        if (!option.value.empty()) left += " " + std::string(option.value);
        left.resize(std::max<std::size_t>(left.size() + 1, 22), ' ');
        std::cout << left << option.help << "\n";
    }
}

int help() {
    std::cout << "usage: postern [--config FILE] [--json] COMMAND ...\n\n";
    for (const Command& command : commands()) {
        std::string left = "  " + std::string(command.name);
        left.resize(std::max<std::size_t>(left.size() + 1, 14), ' ');
        std::cout << left << command.summary << "\n";
    }
    std::cout << "\n";
    print_options(global_options());
    std::cout
        << "\nExit codes: 0 fine; 1 the answer is \"bad\"; 2 could not do it; 78 configuration "
           "error.\n";
    return kFine;
}

int help_about(const Command& command) {
    std::cout << "usage: postern " << command.name << " " << command.usage << "\n\n"
              << command.summary << "\n\n";
    print_options(command.options);
    return kFine;
}

settings::Loaded load_settings(std::string& path) {
    if (!path.empty()) return settings::load(path);
    if (std::filesystem::exists(kDefaultConfig)) {
        path = kDefaultConfig;
        return settings::load(path);
    }
    return settings::parse("", "built-in defaults");
}

std::string program_folder() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

int run(const Command& command, const std::vector<std::string>& words) {
    std::vector<Option> known = command.options;
    known.insert(known.end(), global_options().begin(), global_options().end());
    const Arguments arguments(words, known);
    if (arguments.has("help")) return help_about(command);
    std::string config = arguments.value("config").value_or("");
    const settings::Loaded loaded = load_settings(config);
    (void)checks::configure(loaded.settings);  // throws on what no check has
    const Context context{loaded, config, program_folder(), arguments.has("json")};
    return command.run(arguments, context);
}

/// The command is the first word that is no option and no option's value.
int dispatch(std::vector<std::string> words) {
    std::size_t at = 0;
    while (at < words.size() && words[at].starts_with("--")) {
        at += words[at] == "--config" ? std::size_t{2} : std::size_t{1};
    }
    if (at >= words.size()) {
        const Arguments arguments(words, global_options());
        if (arguments.has("version")) {
            std::cout << "postern " << POSTERN_VERSION << "\n";
            return kFine;
        }
        if (arguments.has("help")) return help();
        throw UsageError("no command given");
    }
    const std::string name = words[at];
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
    for (const Command& command : commands()) {
        if (command.name == name) return run(command, words);
    }
    throw UsageError("unknown command \"" + name + "\"");
}

int guarded(const std::vector<std::string>& words) {
    try {
        return dispatch(words);
    } catch (const UsageError& error) {
        return complain(std::string(error.what()) + "; see postern --help", kCouldNot);
    } catch (const settings::ConfigError& error) {
        return complain(error.what(), kBadConfig);
    } catch (const std::exception& error) {
        return complain(error.what(), kCouldNot);
    }
}

}  // namespace
}  // namespace postern::cli

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write that fails, not an end
    return postern::cli::guarded(std::vector<std::string>(argv + 1, argv + argc));
}
