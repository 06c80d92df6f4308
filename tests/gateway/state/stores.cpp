#include "tests/gateway/state/stores.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "analyzers/base/unique_fd.hpp"

namespace postern::state {
namespace {

constexpr const char* kProgram = "/usr/bin/redis-server";

void demand(bool done, const char* what) {
    if (!done) throw std::runtime_error(what);
}

std::uint16_t free_port() {
    const UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    void* const place = &address;
    demand(::bind(probe.get(), static_cast<sockaddr*>(place), length) == 0, "bind");
    demand(::getsockname(probe.get(), static_cast<sockaddr*>(place), &length) == 0, "getsockname");
    return ntohs(address.sin_port);
}

bool listens(const std::string& path) {
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    demand(path.size() < sizeof address.sun_path, "socket path too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    const void* const place = &address;
    return ::connect(probe.get(), static_cast<const sockaddr*>(place), sizeof address) == 0;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-state-XXXXXX").string();
    demand(::mkdtemp(name.data()) != nullptr, "mkdtemp");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

AlarmSink Alarms::sink() {
    return [kept = kept_](const Alarm& alarm) {
        const std::lock_guard lock(kept->mutex);
        kept->alarms.push_back(alarm);
    };
}

std::size_t Alarms::count(Alarm::Kind kind) const {
    const std::lock_guard lock(kept_->mutex);
    return static_cast<std::size_t>(
        std::count_if(kept_->alarms.begin(), kept_->alarms.end(),
                      [kind](const Alarm& alarm) { return alarm.kind == kind; }));
}

std::string Alarms::text(Alarm::Kind kind) const {
    const std::lock_guard lock(kept_->mutex);
    std::string text;
    for (const Alarm& alarm : kept_->alarms) {
        if (alarm.kind == kind) text = alarm.detail;
    }
    return text;
}

RedisServer::RedisServer(Options options) : options_(std::move(options)) {
    // Somebody else may take the port between our look and the server's.
    for (unsigned attempt = 0;; ++attempt) {
        if (options_.tcp) port_ = free_port();
        try {
            start_once();
            return;
        } catch (const std::runtime_error&) {
            if (attempt == 4) throw;
        }
    }
}

RedisServer::~RedisServer() {
    kill();
}

void RedisServer::start() {
    start_once();
}

void RedisServer::start_once() {
    std::vector<std::string> words{kProgram,
                                   "--bind",
                                   "127.0.0.1",
                                   "--port",
                                   std::to_string(port_),
                                   "--unixsocket",
                                   socket(),
                                   "--dir",
                                   folder_.path(),
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no"};
    words.insert(words.end(), options_.more.begin(), options_.more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    static_cast<void>(::unlink(socket().c_str()));
    process_ = ::fork();
    demand(process_ >= 0, "fork");
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves nobody behind
        const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, each);
        ::execv(kProgram, arguments.data());
        ::_exit(127);
    }
    const bool settled = eventually([this] {
        if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
        return process_ < 0 || listens(socket());
    });
    if (settled && process_ >= 0) return;
    kill();
    throw std::runtime_error("redis-server does not start; is the package redis-server installed?");
}

void RedisServer::kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
}

void RedisServer::pause() {
    ::kill(process_, SIGSTOP);
}

void RedisServer::resume() {
    ::kill(process_, SIGCONT);
}

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace postern::state
