/// @file `postern jail prove`: the escape attempts, against the jail of this machine.

#include "gateway/cli/run_analyzer.hpp"

namespace postern::cli {
namespace {

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() != 1 || words[0] != "prove") throw UsageError("jail takes one word: prove");
    std::vector<std::string> asked = {"--prove"};
    if (context.json) asked.emplace_back("--json");
    return run_analyzer(context, asked);
}

}  // namespace

Command jail_command() {
    return {"jail",
            "prove",
            "run the escape attempts from inside the jail, a line each; exit 1 if one succeeds",
            {},
            run};
}

}  // namespace postern::cli
