/// @file The whole jail with the real kernel: launcher, zygote, workers, endings.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "sandbox/policy.hpp"
#include "sandbox/spawn.hpp"

namespace postern::sandbox {
namespace {

using std::chrono::steady_clock;

/// One launcher of victims, with a client channel.
class Jail {
public:
    explicit Jail(std::vector<std::string> more = {}) {
        std::vector<std::string> words = {"--channel-fd", "@channel"};
        words.insert(words.end(), more.begin(), more.end());
        const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        auto started = Spawned::start(POSTERN_VICTIM, words, nothing.get(), std::nullopt);
        if (auto* spawned = std::get_if<Spawned>(&started)) spawned_.emplace(std::move(*spawned));
    }

    /// The next message on a channel; nullopt after 20 s or when it closes.
    static std::optional<Message> next(int channel) {
        pollfd waiting = {channel, POLLIN, 0};
        if (::poll(&waiting, 1, 20'000) <= 0) return std::nullopt;
        auto got = receive(channel);
        auto* received = std::get_if<Received>(&got);
        if (received == nullptr) return std::nullopt;
        return received->message;
    }

    bool ready() {
        const auto message = spawned_ ? next(spawned_->channel()) : std::nullopt;
        if (message && std::holds_alternative<Failed>(*message)) {
            ADD_FAILURE() << std::get<Failed>(*message).text;
        }
        if (!message || !std::holds_alternative<Ready>(*message)) return false;
        auto client = spawned_->connect();
        if (client) client_ = std::move(*client);
        return static_cast<bool>(client_);
    }

    struct Result {
        std::optional<Ended> ended;
        std::optional<Refused> refused;
        std::string report;
    };

    /// The read end of the report.
    Descriptor begin(std::string_view text, std::uint32_t wall_ms, std::uint64_t job) {
        const Descriptor message(::memfd_create("message", MFD_CLOEXEC));
        EXPECT_EQ(::write(message.get(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        Descriptor ours(ends[0]);
        const Descriptor theirs(ends[1]);
        Start start;
        start.job = job;
        start.wall_ms = wall_ms;
        start.size = text.size();
        EXPECT_TRUE(send(client_.get(), start, {message.get(), theirs.get()}));
        return ours;
    }

    Result run(std::string_view text, std::uint32_t wall_ms = 10'000) {
        Result result;
        const Descriptor report = begin(text, wall_ms, 1);
        std::array<char, 4096> buffer{};
        while (result.report.size() < (1U << 20U)) {
            const ssize_t got = ::recv(report.get(), buffer.data(), buffer.size(), 0);
            if (got <= 0) break;
            result.report.append(buffer.data(), static_cast<std::size_t>(got));
        }
        if (result.report.size() >= (1U << 20U)) {
            EXPECT_TRUE(send(client_.get(), Cancel{Kind::Cancel, 0, 1}));
        }
        while (auto message = next(client_.get())) {
            if (const auto* ended = std::get_if<Ended>(&*message)) result.ended = *ended;
            if (const auto* refused = std::get_if<Refused>(&*message)) result.refused = *refused;
            if (result.ended || result.refused) break;
        }
        return result;
    }

    std::optional<Spawned> spawned_;
    Descriptor client_;
};

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
