#pragma once

/// @file A jail whose workers are victims (tests/victims/jail_victim.cpp), driven like the gateway
/// does.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sandbox/policy.hpp"
#include "sandbox/spawn.hpp"

namespace postern::sandbox {

/// One launcher of victims, with a client channel.
class Jail {
public:
    explicit Jail(std::vector<std::string> more = {}, std::optional<Identity> identity = {}) {
        std::vector<std::string> words = {"--channel-fd", "@channel"};
        words.insert(words.end(), more.begin(), more.end());
        const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        auto started = Spawned::start(POSTERN_VICTIM, words, nothing.get(), identity);
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
        status_ = std::get<Ready>(*message).text;
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
    std::string status_;  ///< the text of Ready
};

}  // namespace postern::sandbox
