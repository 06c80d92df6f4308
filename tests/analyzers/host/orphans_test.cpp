/// @file What a launcher that is killed while it prepares leaves behind: nothing.

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "sandbox/policy.hpp"
#include "tests/analyzers/host/processes.hpp"
#include "tests/analyzers/host/started.hpp"

namespace postern::host {
namespace {

using testing_support::children_of;

/// "user:[4026531837]"; empty: no such process, or not for us to see.
std::string space_of(pid_t process, const std::string& kind) {
    const std::string path = "/proc/" + std::to_string(process) + "/ns/" + kind;
    std::array<char, 64> name{};
    const ssize_t size = ::readlink(path.c_str(), name.data(), name.size());
    return size > 0 ? std::string(name.data(), static_cast<std::size_t>(size)) : std::string();
}

/// The launcher is in its user namespace, and has a child there that is no zygote: the one that
/// makes the tables of charsets.
bool makes_tables(pid_t launcher) {
    const std::string space = space_of(launcher, "user");
    if (space.empty() || space == space_of(::getpid(), "user")) return false;
    for (const pid_t child : children_of(launcher)) {
        const bool same = space_of(child, "user") == space;
        if (same && space_of(child, "pid") == space_of(::getpid(), "pid")) return true;
    }
    return false;
}

/// Waits for all children, also for those that have become ours. False: one is still there.
bool all_gone_within(std::chrono::seconds patience) {
    const auto end = Clock::now() + patience;
    while (Clock::now() < end) {
        const pid_t gone = ::waitpid(-1, nullptr, WNOHANG);
        if (gone < 0 && errno == ECHILD) return true;
        if (gone == 0) std::this_thread::sleep_for(5ms);
    }
    return false;
}

TEST(Orphans, ALauncherKilledWhileItsChildMakesTablesLeavesNobodyBehind) {
    if (sandbox::kSanitized) GTEST_SKIP() << "the whole jail is not there with sanitizers";
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);  // orphans become our children
    auto started = Generation::start(kAnalyzer, AnalyzerSettings{});
    ASSERT_TRUE(started);
    std::unique_ptr<Generation> generation = std::move(started).value();
    const pid_t launcher = generation->process();
    bool caught = false;
    while (!caught) {
        generation->pump();
        if (generation->state() != GenerationState::Starting) break;
        caught = makes_tables(launcher);
    }
    if (!caught) GTEST_SKIP() << "no user namespaces here, or too slow to see the child";
    ASSERT_EQ(::kill(launcher, SIGKILL), 0);
    generation.reset();  // reaps the launcher
    EXPECT_TRUE(all_gone_within(20s));
    for (const pid_t left : children_of(::getpid())) ::kill(left, SIGKILL);
    (void)all_gone_within(20s);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

}  // namespace
}  // namespace postern::host
