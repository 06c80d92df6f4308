#pragma once

/// @file A command of `postern`: one file in commands/, one line in registry.cpp.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/cli/arguments.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::cli {

// Exit codes of the contracts.
inline constexpr int kFine = 0;
inline constexpr int kBad = 1;         ///< the answer is "no": not delivered, not valid, not found
inline constexpr int kCouldNot = 2;    ///< usage, I/O
inline constexpr int kBadConfig = 78;  ///< configuration error

/// What each command is given beside its own words.
struct Context {
    const settings::Loaded& loaded;
    std::string config_path;     ///< empty: built-in defaults
    std::string program_folder;  ///< where our programs are
    bool json = false;

    [[nodiscard]] const settings::Settings& settings() const { return loaded.settings; }
};

struct Command {
    std::string_view name;
    std::string_view usage;    ///< behind the name: "FILE...|-"
    std::string_view summary;  ///< one line
    std::vector<Option> options;
    int (*run)(const Arguments& arguments, const Context& context);
};

/// All commands, in the order of the help.
[[nodiscard]] std::span<const Command> commands();

/// Prints "postern: sentence" to standard error and gives the exit code back.
int complain(const std::string& sentence, int exit_code);

}  // namespace postern::cli
