/// @file The door against workers that behave as no worker of ours does.

#include "analyzers/host/door.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "analyzers/base/sha256.hpp"
#include "sandbox/policy.hpp"
#include "tests/analyzers/host/processes.hpp"
#include "tests/analyzers/host/started.hpp"

namespace postern::host {
namespace {

using analyzers::ErrorCode;
using analyzers::Report;

TEST(Door, AWorkerThatDoesNotAnswerIsAReportAndNoFailure) {
    if (sandbox::kSanitized) GTEST_SKIP() << "sanitizers change how a process ends";
    Started started(kVictim);
    ASSERT_TRUE(started.generation);
    const struct {
        const char* title;
        const char* message;
        ErrorCode code;
        bool violation;
    } cases[] = {
        {"aborts", "a", ErrorCode::Crash, false},
        {"crashes", "s", ErrorCode::Crash, false},
        {"exits with a code of its own", "x", ErrorCode::Crash, false},
        {"makes a forbidden call", "c", ErrorCode::Crash, true},
        {"spins until its CPU time is over", "w", ErrorCode::Timeout, false},
        {"sends more than a report may hold", "f", ErrorCode::Resource, false},
        {"sends no report", "t", ErrorCode::Crash, false},
        {"sends back what is no report", "e, and more", ErrorCode::Crash, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto report = started.analyze(c.message);
        ASSERT_TRUE(report);
        EXPECT_FALSE(report->complete());
        ASSERT_EQ(report->errors.size(), 1U);
        EXPECT_EQ(report->errors[0].analyzer, "jail");
        EXPECT_EQ(report->errors[0].code, c.code) << report->errors[0].detail;
        ASSERT_EQ(report->objects.size(), 1U);
        EXPECT_EQ(report->objects[0].size, std::string(c.message).size());
        EXPECT_EQ(report->objects[0].sha256, sha256_hex(as_bytes(c.message)));
        EXPECT_EQ(report->findings.size(), c.violation ? 1U : 0U);
        if (c.violation && !report->findings.empty()) {
            EXPECT_EQ(report->findings[0].code, "JAIL_VIOLATION");
        }
    }
    const DoorFigures figures = started.door.figures();
    EXPECT_EQ(figures.violations, 1U);
    EXPECT_EQ(figures.timed_out, 1U);
    EXPECT_EQ(figures.crashed, 3U);
    EXPECT_EQ(figures.bad_reports, 3U);
    EXPECT_EQ(figures.running, 0U);
    EXPECT_TRUE(figures.open);
}

TEST(Door, AWorkerThatIsTooSlowIsAReport) {
    Started started(kVictim, {}, {.max_running = 4, .wall_time = 200ms});
    ASSERT_TRUE(started.generation);
    const auto report = started.analyze("h");
    ASSERT_TRUE(report);
    ASSERT_EQ(report->errors.size(), 1U);
    EXPECT_EQ(report->errors[0].code, ErrorCode::Timeout);
}

TEST(Door, AWorkerThatGotLessThanItsDueIsNotToBlame) {
    Started started(kVictim);
    ASSERT_TRUE(started.generation);
    const auto answer = started.analyze("h", MessageKind::Message, 200ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), DoorFailure::Late);
}

TEST(Door, WithoutAnAnalyzerItIsUnavailableAtTheDeadline) {
    Door door;
    const auto message = sealed_message("hello");
    ASSERT_TRUE(message);
    const auto answer =
        door.analyze(message->get(), 5, MessageKind::Message, {}, Clock::now() + 50ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), DoorFailure::Unavailable);
    EXPECT_FALSE(door.figures().open);
}

TEST(Door, WaitsForAnAnalyzerThatComesLater) {
    Started started(kVictim);
    ASSERT_TRUE(started.generation);
    Door door;
    const auto message = sealed_message("e");
    ASSERT_TRUE(message);
    std::jthread later([&] { door.set_channel(started.connect()); });
    EXPECT_TRUE(door.analyze(message->get(), 1, MessageKind::Message, {}, Clock::now() + 60s));
}

TEST(Door, AChannelThatClosesIsUnavailableAfterTheSecondOne) {
    Door door;
    const auto message = sealed_message("e");
    ASSERT_TRUE(message);
    for (int i = 0; i < 2; ++i) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        ::close(ends[1]);
        door.set_channel(UniqueFd(ends[0]));
    }
    const auto answer =
        door.analyze(message->get(), 1, MessageKind::Message, {}, Clock::now() + 100ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), DoorFailure::Unavailable);
}

TEST(Door, ManyCallersShareFewWorkers) {
    Started started(kVictim, {}, {.max_running = 3, .wall_time = 30s});
    ASSERT_TRUE(started.generation);
    std::atomic<int> answered{0};
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 12; ++i) {
            callers.emplace_back([&, i] {
                for (int round = 0; round < 4; ++round) {
                    const auto report = started.analyze("e" + std::to_string(i));
                    if (report && !report->complete()) ++answered;
                }
            });
        }
    }
    EXPECT_EQ(answered, 48);
    EXPECT_EQ(started.door.figures().running, 0U);
}

// More callers than the analyzer has workers for: a refusal is no answer, they wait their turn.
TEST(Door, ABusyAnalyzerIsAskedAgain) {
    Started started(kVictim, {}, {.max_running = 40, .wall_time = 30s});
    ASSERT_TRUE(started.generation);
    std::atomic<int> answered{0};
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 40; ++i) {
            callers.emplace_back([&] { answered += started.analyze("e") ? 1 : 0; });
        }
    }
    EXPECT_EQ(answered, 40);
}

TEST(Door, AJobWhoseZygoteDiesIsOfferedToTheNextOne) {
    Started started(kVictim, {}, {.max_running = 4, .wall_time = 1s});
    ASSERT_TRUE(started.generation);
    Outcome<Report, DoorFailure> answer = Failure{DoorFailure::Unavailable};
    std::jthread caller([&] { answer = started.analyze("h"); });
    while (started.door.figures().running == 0) std::this_thread::yield();
    // The worker runs now or is about to; either way its zygote goes.
    ASSERT_TRUE(testing_support::kill_zygote(started.generation->process()));
    bool again = false;
    for (const auto until = Clock::now() + 30s; !again && Clock::now() < until;) {
        again = started.generation->pump();
    }
    ASSERT_TRUE(again) << "the launcher makes a new zygote by itself";
    started.door.set_channel(started.connect());
    caller.join();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->errors.at(0).code, ErrorCode::Timeout)
        << "the second one let it run to its end";
    EXPECT_LE(started.door.figures().lost, 1U);
}

TEST(Door, OldJobsEndOnTheirOwnChannelWhenANewOneIsSet) {
    Started started(kVictim, {}, {.max_running = 4, .wall_time = 500ms});
    ASSERT_TRUE(started.generation);
    Outcome<Report, DoorFailure> slow = Failure{DoorFailure::Unavailable};
    std::jthread caller([&] { slow = started.analyze("h"); });
    while (started.door.figures().running == 0) std::this_thread::yield();
    const auto next = started.start();
    ASSERT_TRUE(next);
    auto channel = next->connect();
    ASSERT_TRUE(channel);
    started.door.set_channel(std::move(*channel));
    started.generation->drain();
    EXPECT_TRUE(started.analyze("e"));
    caller.join();
    ASSERT_TRUE(slow);
    EXPECT_EQ(started.door.figures().lost, 0U);
    for (const auto until = Clock::now() + 30s; Clock::now() < until;) {
        (void)started.generation->pump();
        if (started.generation->state() == GenerationState::Gone) break;
    }
    EXPECT_EQ(started.generation->state(), GenerationState::Gone) << "drained, it ends";
}

TEST(Generation, AProgramThatIsNotThereIsSaid) {
    const auto started = Generation::start("/nonexistent", {});
    ASSERT_FALSE(started);
    EXPECT_FALSE(started.error().empty());
}

TEST(Generation, AProgramThatEndsAtOnceIsGone) {
    auto started = Generation::start("/bin/true", {});
    ASSERT_TRUE(started);
    const auto ready = (*started)->wait_ready(30s);
    ASSERT_FALSE(ready);
    EXPECT_EQ((*started)->state(), GenerationState::Gone);
    EXPECT_FALSE((*started)->connect());
}

TEST(Generation, TheZygoteServesOnWithoutItsLauncher) {
    Started started(kVictim);
    ASSERT_TRUE(started.generation);
    ASSERT_EQ(::kill(started.generation->process(), SIGKILL), 0);
    while (started.generation->process_fd() >= 0) (void)started.generation->pump();
    EXPECT_EQ(started.generation->state(), GenerationState::Ready);
    EXPECT_TRUE(started.analyze("e"));
    started.door.set_channel(started.connect());
    EXPECT_TRUE(started.analyze("e"));
}

}  // namespace
}  // namespace postern::host
