/// @file `postern serve`: the whole gateway in the foreground.

#include <iostream>

#include "gateway/cli/command.hpp"
#include "gateway/cli/signing_keys.hpp"
#include "gateway/cli/supervisor/supervisor.hpp"

namespace postern::cli {
namespace {

int run(const Arguments& arguments, const Context& context) {
    if (!arguments.words().empty()) throw UsageError("serve takes no words");
    require_signing_keys(context);
    if (arguments.has("check")) {  // the settings are loaded and valid, or we would not be here
        std::cout << "configuration: valid\n";
        return kFine;
    }
    Supervisor supervisor(context);
    return supervisor.run();
}

}  // namespace

Command serve_command() {
    return {"serve",
            "[--check]",
            "start everything in the foreground; SIGTERM ends it, SIGHUP reloads the configuration",
            {{"check", "", "only validate the configuration"}},
            run};
}

}  // namespace postern::cli
