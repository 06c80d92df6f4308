/// @file `postern rules check|list`: do the YARA rules compile, and which are there.

#include "gateway/cli/run_analyzer.hpp"
#include "gateway/cli/supervisor/site.hpp"

namespace postern::cli {
namespace {

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.empty() || (words[0] != "check" && words[0] != "list")) {
        throw UsageError("rules takes: check [FILE...] | list [FILE...]");
    }
    std::vector<std::string> asked = {"--rules-" + words[0]};
    if (context.json) asked.emplace_back("--json");
    std::vector<std::string> paths(words.begin() + 1, words.end());
    if (paths.empty()) {
        paths = rule_paths(context.settings(), installation(context.program_folder));
    }
    asked.insert(asked.end(), paths.begin(), paths.end());
    return run_analyzer(context, asked);
}

}  // namespace

Command rules_command() {
    return {"rules",
            "check|list [FILE...]",
            "compile the YARA rules and name what is wrong; show what each rule is for",
            {},
            run};
}

}  // namespace postern::cli
