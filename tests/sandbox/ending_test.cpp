/// @file What a wait status means, and what a missing layer is called.

#include "sandbox/ending.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

constexpr int exited(int code) {
    return code << 8;  // as wait(2) has it
}

struct Case {
    const char* title;
    int status;
    Cause killed_by_us;
    bool cpu_exhausted;
    Ending expected;
};
const Case kCases[] = {
    {"done", exited(0), Cause::Finished, false, {Cause::Finished, 0}},
    {"below the steps", exited(89), Cause::Finished, false, {Cause::Failed, 89}},
    {"first step", exited(90), Cause::Finished, false, {Cause::Unprepared, 90}},
    {"last step", exited(99), Cause::Finished, false, {Cause::Unprepared, 99}},
    {"above the steps", exited(100), Cause::Finished, false, {Cause::Failed, 100}},
    {"abort, handled", exited(134), Cause::Finished, false, {Cause::Aborted, 134}},
    {"abort, not handled", SIGABRT, Cause::Finished, false, {Cause::Aborted, SIGABRT}},
    {"soft CPU limit", exited(152), Cause::Finished, false, {Cause::CpuLimit, 152}},
    {"hard CPU limit", SIGKILL, Cause::Finished, true, {Cause::CpuLimit, SIGKILL}},
    {"our deadline", SIGKILL, Cause::Deadline, false, {Cause::Deadline, SIGKILL}},
    {"our deadline, long spun", SIGKILL, Cause::Deadline, true, {Cause::Deadline, SIGKILL}},
    {"taken back", SIGKILL, Cause::Cancelled, false, {Cause::Cancelled, SIGKILL}},
    {"killed by somebody else", SIGKILL, Cause::Finished, false, {Cause::Killed, SIGKILL}},
    {"forbidden call", SIGSYS, Cause::Finished, false, {Cause::Forbidden, SIGSYS}},
    {"fault", SIGSEGV, Cause::Finished, false, {Cause::Crashed, SIGSEGV}},
    {"fault, with a core", SIGBUS | 0x80, Cause::Finished, false, {Cause::Crashed, SIGBUS}},
    {"done just before our kill", exited(0), Cause::Deadline, false, {Cause::Finished, 0}},
};

TEST(Ending, IsReadFromTheWaitStatus) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(classify(c.status, c.killed_by_us, c.cpu_exhausted), c.expected);
    }
}

TEST(Layers, AreShortOfWhatIsRequiredOnlyWhenTheyAre) {
    Layers layers;
    EXPECT_EQ(layers.short_of(Require::Seccomp).size(), 1U);
    layers.seccomp = true;
    EXPECT_TRUE(layers.short_of(Require::Seccomp).empty());
    EXPECT_EQ(layers.short_of(Require::Reduced).size(), 1U);
    layers.landlock = true;
    EXPECT_TRUE(layers.short_of(Require::Reduced).empty());
    EXPECT_EQ(layers.short_of(Require::Full).size(), 4U);
    layers.missing = {"unshare: \"no\""};
    EXPECT_EQ(layers.short_of(Require::Full).back(), "unshare: \"no\"");
    EXPECT_NE(layers.json().find(R"("missing":["unshare: \"no\""])"), std::string::npos);
    layers.user_namespace = layers.pid_namespace = layers.other_namespaces = true;
    layers.empty_root = true;
    layers.landlock = false;  // a warning there
    EXPECT_TRUE(layers.short_of(Require::Full).empty());
}

}  // namespace
}  // namespace postern::sandbox
