#pragma once

/// @file What tests of stores stand on: folders, a clock that is set by hand, a real Redis.

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/state/state.hpp"

namespace postern::state {

class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + '/' + name; }

private:
    std::string path_;
};

class ManualClock {
public:
    [[nodiscard]] Clock clock() const {
        return [now = now_] { return now->load(); };
    }
    void advance(std::chrono::milliseconds time) { *now_ += time.count(); }

private:
    std::shared_ptr<std::atomic<std::int64_t>> now_ =
        std::make_shared<std::atomic<std::int64_t>>(1'700'000'000'000);
};

/// Keeps alarms for a test to look at; give sink() to a store.
class Alarms {
public:
    [[nodiscard]] AlarmSink sink();
    [[nodiscard]] std::size_t count(Alarm::Kind kind) const;
    [[nodiscard]] std::string text(Alarm::Kind kind) const;  ///< of the last one

private:
    struct Kept {
        std::mutex mutex;
        std::vector<Alarm> alarms;
    };
    std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

/// A redis-server of this test's own, on a UNIX socket, and on a free TCP port where asked for.
/// Throws when it cannot be started: Debian's package is redis-server.
class RedisServer {
public:
    struct Options {
        bool tcp = false;
        std::vector<std::string> more = {};  ///< command line, e.g. {"--requirepass", "secret"}
    };
    explicit RedisServer(Options options);
    RedisServer() : RedisServer(Options{}) {}
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    [[nodiscard]] std::string url() const { return "unix:" + socket(); }
    [[nodiscard]] std::string socket() const { return folder_.file("redis.sock"); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

    void kill();    ///< SIGKILL
    void pause();   ///< SIGSTOP: takes connections, answers nothing
    void resume();  ///< SIGCONT
    void start();   ///< again, empty, at the same places

private:
    void start_once();
    TemporaryFolder folder_;
    Options options_;
    std::uint16_t port_ = 0;
    pid_t process_ = -1;
};

/// Asks until the answer is true; false when that takes longer than 20 s.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace postern::state
