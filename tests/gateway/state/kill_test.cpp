/// @file A process that writes greylist, caches and counters is killed, again and again: the state
/// opens without repair and holds everything that was acknowledged.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <sstream>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/state/greylist.hpp"
#include "gateway/state/open_state.hpp"
#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

constexpr int kKills = 20;

/// Runs state_writer, kills it after about `bytes` of its words, and returns all of them.
std::string write_until_killed(const std::string& url, int round, std::size_t bytes) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "";
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    std::string program = POSTERN_STATE_WRITER;
    std::string place = url;
    std::string number = std::to_string(round);
    std::array<char*, 4> words{program.data(), place.data(), number.data(), nullptr};
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(writer.get(), STDOUT_FILENO);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    writer.reset();
    std::string said;
    std::array<char, 4096> buffer{};
    bool killed = false;
    for (;;) {
        const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        said.append(buffer.data(), static_cast<std::size_t>(got));
        if (!killed && said.size() >= bytes) {
            ::kill(child, SIGKILL);
            killed = true;  // and reads on: what it had said before it died counts
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    return said;
}

/// The last acknowledged step of each thread.
std::map<int, int> steps_of(const std::string& said) {
    std::map<int, int> last;
    std::istringstream lines(said.substr(0, said.rfind('\n') + 1));
    for (int thread = 0, step = 0; lines >> thread >> step;) last[thread] = step;
    return last;
}

TEST(Kill, AtAnyInstantLosesNothingThatWasAcknowledged) {
    const TemporaryFolder folder;
    const std::string url = "sqlite://" + folder.file("state.db");
    std::int64_t acknowledged = 0;
    for (int round = 0; round < kKills; ++round) {
        SCOPED_TRACE(round);
        // A different place in the writer's work each time.
        const auto steps =
            steps_of(write_until_killed(url, round, static_cast<std::size_t>(1 + round * 173)));
        Alarms alarms;
        const auto opened = open_store(url, {}, alarms.sink());
        ASSERT_TRUE(opened) << opened.error().detail;
        State& state = **opened;
        EXPECT_EQ(alarms.count(Alarm::Kind::Replaced), 0U);
        for (const auto& [thread, last] : steps) {
            for (int step = 0; step <= last; ++step) {
                const std::string name = std::to_string(round) + ':' + std::to_string(thread) +
                                         ':' + std::to_string(step);
                EXPECT_EQ(state.get("seen:" + name).value_or({}), name);
                EXPECT_EQ(state.get("once:" + name).value_or({}), name);
                const GreylistQuestion question{
                    *mail::IpAddress::parse("192.0.2.99"), std::nullopt, std::nullopt,
                    *mail::Mailbox::parse("u" + std::to_string(thread) + '-' +
                                          std::to_string(step) + "-r" + std::to_string(round) +
                                          "@d.example")};
                GreylistSettings settings;
                settings.learn_after = 0;
                EXPECT_EQ(Greylist(state, settings).ask(question, 1'700'000'200)->reason,
                          GreylistReason::Waited);
            }
            acknowledged += last + 1;
        }
        const std::int64_t counted = state.add("n:all", 0, std::chrono::hours(1)).value_or(-1);
        EXPECT_GE(counted, acknowledged);
        EXPECT_LE(counted, acknowledged + 3 * (round + 1));  // one of each thread may be on its way
    }
    EXPECT_GT(acknowledged, kKills);
}

}  // namespace
}  // namespace postern::state
