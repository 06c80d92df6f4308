/// @file `postern signatures status|reload`: what is loaded, and loading it anew.

#include <iostream>

#include "analyzers/host/generation.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/cli/supervisor/analyzer_settings_of.hpp"
#include "gateway/cli/supervisor/control_socket.hpp"

namespace postern::cli {
namespace {

/// Prints what the supervisor answered behind "ok", or complains about what it refused.
int report(const std::string& answer) {
    constexpr std::string_view kOk = "ok ";
    constexpr std::string_view kRefused = "refused ";
    if (answer.starts_with(kOk)) {
        std::cout << answer.substr(kOk.size());
        return kFine;
    }
    if (answer.starts_with(kRefused)) {
        std::string sentence = answer.substr(kRefused.size());
        while (sentence.ends_with('\n')) sentence.pop_back();
        return complain("refused, the old signatures stay: " + sentence, kBad);
    }
    return complain("the supervisor did not answer in time", kCouldNot);
}

/// Nothing runs: loads the signatures to see what they are, and forgets them again.
int status_by_loading(const Context& context) {
    const settings::Settings& settings = context.settings();
    auto generation =
        host::Generation::start(context.program_folder + "/postern-analyzer",
                                analyzer_settings(settings, installation(context.program_folder)));
    if (!generation) return complain(generation.error(), kCouldNot);
    const auto ready = (*generation)->wait_ready(settings.signatures.load_timeout);
    if (!ready) return complain(ready.error(), kBad);
    std::cout << (*generation)->status() << "\n";
    return kFine;
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.size() != 1 || (words[0] != "status" && words[0] != "reload")) {
        throw UsageError("signatures takes one word: status or reload");
    }
    const std::string folder = settings::state_folder(context.settings());
    const auto patience = context.settings().signatures.load_timeout + std::chrono::seconds(5);
    const auto answer = ask_supervisor(folder, "signatures " + words[0], patience);
    if (answer) return report(*answer);
    if (words[0] == "reload") {
        return complain("no postern serve runs with " + folder + ": nothing to reload", kCouldNot);
    }
    return status_by_loading(context);
}

}  // namespace

Command signatures_command() {
    return {"signatures",
            "status|reload",
            "ClamAV and YARA versions, ages, loaded generation; load them anew",
            {},
            run};
}

}  // namespace postern::cli
