#include "gateway/cli/run_analyzer.hpp"

#include "gateway/cli/supervisor/child.hpp"

namespace postern::cli {

int run_analyzer(const Context& context, const std::vector<std::string>& words) {
    auto child = Child::start({context.program_folder + "/postern-analyzer", words, {}, {}});
    if (!child) return complain(child.error(), kCouldNot);
    Child running = std::move(child).value();
    const std::string how = running.reap();
    constexpr std::string_view kExit = "exit ";
    if (!how.starts_with(kExit)) return complain("postern-analyzer was " + how, kCouldNot);
    return std::stoi(how.substr(kExit.size()));
}

}  // namespace postern::cli
