/// @file The whole jail with the real kernel: launcher, zygote, workers, endings.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "tests/sandbox/jail.hpp"

namespace postern::sandbox {
namespace {

TEST(Jail, AWorkerAnswersThroughItsReport) {
    Jail jail;
    ASSERT_TRUE(jail.ready());
    for (int i = 0; i < 20; ++i) {
        const auto result = jail.run("echo " + std::to_string(i));
        ASSERT_TRUE(result.ended);
        EXPECT_EQ(result.ended->cause, Cause::Finished);
        EXPECT_EQ(result.report, "echo " + std::to_string(i));
    }
}

struct EndingCase {
    const char* title;
    const char* message;
    std::uint32_t wall_ms;
    Cause cause;
    bool needs_filter;
};

TEST(Jail, EveryEndingIsToldApart) {
    const EndingCase cases[] = {
        {"own failure", "x", 10'000, Cause::Failed, false},
        {"abort", "a", 10'000, Cause::Aborted, true},
        {"forbidden call", "c", 10'000, Cause::Forbidden, true},
        {"null pointer", "s", 10'000, Cause::Crashed, true},
        {"sleeps past its deadline", "h", 300, Cause::Deadline, false},
        {"spins through its CPU time", "w", 10'000, Cause::CpuLimit, false},
        {"floods its channel", "f", 10'000, Cause::Cancelled, false},
    };
    Jail jail;
    ASSERT_TRUE(jail.ready());
    for (const EndingCase& c : cases) {
        SCOPED_TRACE(c.title);
        if (c.needs_filter && kSanitized) continue;
        const auto result = jail.run(c.message, c.wall_ms);
        ASSERT_TRUE(result.ended);
        EXPECT_EQ(name(result.ended->cause), name(c.cause));
        EXPECT_EQ(jail.run("echo").report, "echo") << "the next message is not served";
    }
}

TEST(Jail, MemoryIsBounded) {
    if (kSanitized) GTEST_SKIP() << "sanitizers map terabytes: no RLIMIT_AS there";
    Jail jail;
    ASSERT_TRUE(jail.ready());
    const auto result = jail.run("memory");
    ASSERT_TRUE(result.ended);
    EXPECT_EQ(result.ended->value, 6) << name(result.ended->cause);
}

TEST(Jail, HasNoFilesButItsScratch) {
    Jail jail;
    ASSERT_TRUE(jail.ready());
    EXPECT_EQ(jail.run("open").report, "no");
    EXPECT_EQ(jail.run("touch").report, "yes");
}

TEST(Jail, StartedByRootItRunsAsAnotherUserWithAllItsLayers) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    constexpr Identity kNobody = {65534, 65534};
    Jail jail({}, kNobody);
    ASSERT_TRUE(jail.ready());
    struct stat process {};
    const std::string folder = "/proc/" + std::to_string(jail.spawned_->pid());
    ASSERT_EQ(::stat(folder.c_str(), &process), 0);
    std::ifstream status(folder + "/status");
    std::string line;
    while (std::getline(status, line) && line.rfind("Uid:", 0) != 0) {
    }
    EXPECT_EQ(line, "Uid:\t65534\t65534\t65534\t65534");
    EXPECT_NE(jail.status_.find("\"empty_root\":true"), std::string::npos) << jail.status_;
    EXPECT_EQ(jail.run("echo").report, "echo");
    EXPECT_EQ(jail.run("touch").report, "yes");
}

TEST(Jail, TheCanaryIsRepeated) {
    Jail jail({"--canary-ms", "50", "--lame", "later"});
    ASSERT_TRUE(jail.ready());
    const auto message = Jail::next(jail.spawned_->channel());
    ASSERT_TRUE(message);
    ASSERT_TRUE(std::holds_alternative<Failed>(*message));
    EXPECT_NE(std::get<Failed>(*message).text.find("failed 7"), std::string::npos);
}

TEST(Jail, AClientThatGoesAwayTakesItsJobsAlong) {
    Jail jail({"--max-workers", "1"});
    ASSERT_TRUE(jail.ready());
    const Descriptor report = jail.begin("hang", 60'000, 31);
    const auto started = Jail::next(jail.client_.get());
    ASSERT_TRUE(started && std::holds_alternative<Started>(*started));
    jail.client_.reset();
    char byte = 0;
    EXPECT_EQ(::recv(report.get(), &byte, 1, 0), 0) << "its worker must end";
    auto other = jail.spawned_->connect();
    ASSERT_TRUE(other);
    jail.client_ = std::move(*other);
    Jail::Result result;
    do {
        result = jail.run("echo");
    } while (result.refused && result.refused->why == Refusal::Busy);
    EXPECT_EQ(result.report, "echo");
}

TEST(Jail, AJobCanBeTakenBack) {
    Jail jail;
    ASSERT_TRUE(jail.ready());
    const Descriptor report = jail.begin("hang", 60'000, 41);
    ASSERT_TRUE(send(jail.client_.get(), Cancel{Kind::Cancel, 0, 41}));
    auto message = Jail::next(jail.client_.get());
    ASSERT_TRUE(message && std::holds_alternative<Started>(*message));
    message = Jail::next(jail.client_.get());
    ASSERT_TRUE(message && std::holds_alternative<Ended>(*message));
    EXPECT_EQ(name(std::get<Ended>(*message).cause), "cancelled");
}

TEST(Jail, RefusesWhenAllWorkersRun) {
    Jail jail({"--max-workers", "2"});
    ASSERT_TRUE(jail.ready());
    const Descriptor first = jail.begin("hang", 5000, 11);
    const Descriptor second = jail.begin("hang", 5000, 12);
    const auto third = jail.run("echo");
    ASSERT_TRUE(third.refused);
    EXPECT_EQ(third.refused->why, Refusal::Busy);
}

TEST(Jail, ACanaryThatFailsKeepsTheZygoteFromServing) {
    Jail jail({"--lame", "yes"});
    ASSERT_TRUE(jail.spawned_);
    const auto message = Jail::next(jail.spawned_->channel());
    ASSERT_TRUE(message);
    ASSERT_TRUE(std::holds_alternative<Failed>(*message));
    EXPECT_NE(std::get<Failed>(*message).text.find("canary"), std::string::npos);
}

TEST(Jail, AKilledZygoteIsReplacedByItsLauncher) {
    Jail jail;
    ASSERT_TRUE(jail.ready());
    EXPECT_EQ(jail.run("echo").report, "echo");
    const std::string pid = std::to_string(jail.spawned_->pid());
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    pid_t zygote = 0;
    ASSERT_TRUE(children >> zygote);
    ASSERT_EQ(::kill(zygote, SIGKILL), 0);
    EXPECT_FALSE(Jail::next(jail.client_.get())) << "the old client channel must close";
    ASSERT_TRUE(jail.ready());
    EXPECT_EQ(jail.run("echo").report, "echo");
}

TEST(Jail, DrainingLetsRunningWorkersFinishAndThenEnds) {
    Jail jail;
    ASSERT_TRUE(jail.ready());
    const Descriptor report = jail.begin("hang", 700, 21);
    auto message = Jail::next(jail.client_.get());
    ASSERT_TRUE(message && std::holds_alternative<Started>(*message));
    ASSERT_TRUE(jail.spawned_->drain());
    message = Jail::next(jail.client_.get());
    ASSERT_TRUE(message && std::holds_alternative<Ended>(*message));
    EXPECT_EQ(std::get<Ended>(*message).cause, Cause::Deadline);
    pollfd ended = {jail.spawned_->process(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
}

TEST(Jail, EndsWithItsSupervisor) {
    Jail jail;
    ASSERT_TRUE(jail.ready());
    jail.spawned_.reset();
    EXPECT_FALSE(Jail::next(jail.client_.get()));
}

}  // namespace
}  // namespace postern::sandbox
