#include "sandbox/proof/prove.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "sandbox/launcher.hpp"

namespace postern::sandbox::proof {
namespace {

constexpr std::uint32_t kWallMs = 4000;
constexpr int kEscaped = 77;  // exit code of a worker whose attempt succeeded
constexpr int kPatienceMs = 30'000;

std::vector<const Attempt*> all_attempts() {
    std::vector<const Attempt*> all;
    for (const Attempt& each : reaching_attempts()) all.push_back(&each);
    for (const Attempt& each : kernel_attempts()) all.push_back(&each);
    return all;
}

/// Lives outside and is aimed at. Everything goes with it.
class Outside {
public:
    Outside() {
        std::string pattern = "/tmp/postern-proof-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) return;
        folder_ = pattern;
        targets.secret = folder_ + "/secret";
        targets.socket = folder_ + "/socket";
        const Descriptor secret(
            ::open(targets.secret.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        listen_tcp();
        listen_unix();
        targets.segment = ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
        targets.peer = ::fork();
        if (targets.peer == 0) {
            for (;;) ::pause();
        }
    }
    ~Outside() {
        if (targets.peer > 0) {
            ::kill(targets.peer, SIGKILL);
            ::waitpid(targets.peer, nullptr, 0);
        }
        if (targets.segment >= 0) ::shmctl(targets.segment, IPC_RMID, nullptr);
        ::unlink(targets.secret.c_str());
        ::unlink(targets.socket.c_str());
        ::rmdir(folder_.c_str());
    }
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;
    Outside(Outside&&) = delete;
    Outside& operator=(Outside&&) = delete;

    Targets targets;

private:
    void listen_tcp() {
        tcp_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how sockets are
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(tcp_.get(), generic, size) == 0 && ::listen(tcp_.get(), 8) == 0 &&
            ::getsockname(tcp_.get(), generic, &size) == 0) {
            targets.port = ntohs(address.sin_port);
        }
    }
    void listen_unix() {
        unix_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        targets.socket.copy(address.sun_path, sizeof address.sun_path - 1);
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how sockets are
        if (::bind(unix_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
            ::listen(unix_.get(), 8);
        }
    }

    std::string folder_;
    Descriptor tcp_;
    Descriptor unix_;
};

/// In a worker: runs the attempt its parameters name and tells the errno through the report.
class ProofWorkload final : public Workload {
public:
    explicit ProofWorkload(const Targets& targets) : targets_(targets), all_(all_attempts()) {}
    Prepared prepare() override { return {}; }
    int prove() override { return 0; }
    int work(const Job& job) override {
        std::uint32_t index = 0;
        std::memcpy(&index, job.parameters.data(), sizeof index);
        const long result = all_.at(index)->run(targets_);
        // An address from mmap looks negative only within the last page.
        if (result >= 0 || result < -4095) return kEscaped;
        const auto error = static_cast<std::int32_t>(-result);
        return ::write(job.report, &error, sizeof error) == sizeof error ? 0 : 1;
    }

private:
    const Targets& targets_;
    std::vector<const Attempt*> all_;
};

/// The zygote of this proof, driven from outside like any other.
class Driver {
public:
    Driver(const Policy& policy, const Targets& targets) {
        auto pair = channel_pair();
        if (!pair) return;
        launcher_ = ::fork();
        if (launcher_ == 0) {
            (*pair)[0].reset();
            ProofWorkload workload(targets);
            ::_exit(run_launcher(policy, workload, (*pair)[1].get()));
        }
        supervision_ = std::move((*pair)[0]);
    }
    ~Driver() {
        supervision_.reset();
        if (launcher_ > 0) ::waitpid(launcher_, nullptr, 0);
    }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    Driver(Driver&&) = delete;
    Driver& operator=(Driver&&) = delete;

    /// Empty: ready; else why not.
    std::string wait_ready(std::string& layers) {
        const auto message = next(supervision_.get());
        if (!message) return "the jail did not start";
        if (const auto* failed = std::get_if<Failed>(&*message)) return failed->text;
        if (const auto* ready = std::get_if<Ready>(&*message)) layers = ready->text;
        auto pair = channel_pair();
        if (!pair || !send(supervision_.get(), Client{}, {(*pair)[1].get()})) {
            return "the jail took no client";
        }
        client_ = std::move((*pair)[0]);
        return {};
    }

    Result attempt(const Attempt& attempt, std::uint32_t index);

private:
    static std::optional<Message> next(int channel) {
        pollfd waiting = {channel, POLLIN, 0};
        if (::poll(&waiting, 1, kPatienceMs) <= 0) return std::nullopt;
        auto got = receive(channel);
        auto* received = std::get_if<Received>(&got);
        if (received == nullptr) return std::nullopt;
        return std::move(received->message);
    }

    pid_t launcher_ = -1;
    Descriptor supervision_;
    Descriptor client_;
};

Descriptor sealed_message() {
    Descriptor message(::memfd_create("proof", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const std::array<char, 4096> content{};
    if (::write(message.get(), content.data(), content.size()) < 0) message.reset();
    ::fcntl(message.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return message;
}

std::string error_name(std::int32_t error) {
    const char* known = ::strerrorname_np(error);
    return known == nullptr ? std::to_string(error) : known;
}

Result judged(const Attempt& attempt, const Ended& ended, std::optional<std::int32_t> error) {
    Result result{&attempt, {}, false, false};
    if (ended.cause == Cause::Failed && ended.value == kEscaped) {
        result.got = "succeeded";
        result.escaped = true;
    } else if (ended.cause == Cause::Forbidden) {
        result.got = "killed";
        result.stopped = true;
    } else if (ended.cause == Cause::Finished && error) {
        result.got = error_name(*error);
        result.stopped = attempt.expected != Answer::Killed || kSanitized;
    } else {
        result.got = std::string(sandbox::name(ended.cause));
        result.stopped = attempt.expected == Answer::Bounded;
    }
    return result;
}

Result Driver::attempt(const Attempt& attempt, std::uint32_t index) {
    Result lost{&attempt, "no answer", false, false};
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return lost;
    const Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    const Descriptor message = sealed_message();
    Start start;
    start.job = index;
    start.wall_ms = kWallMs;
    start.size = 4096;
    std::memcpy(start.parameters.data(), &index, sizeof index);
    if (!send(client_.get(), start, {message.get(), theirs.get()})) return lost;
    theirs.reset();
    while (auto event = next(client_.get())) {
        const auto* ended = std::get_if<Ended>(&*event);
        if (ended == nullptr) continue;
        std::int32_t error = 0;
        const bool told = ::recv(ours.get(), &error, sizeof error, 0) == sizeof error;
        return judged(attempt, *ended, told ? std::optional(error) : std::nullopt);
    }
    return lost;
}

}  // namespace

std::string_view Result::verdict() const {
    if (escaped) return "ESCAPED";
    if (stopped) return "ok";
    return got == "ENOSYS" ? "NOT OFFERED" : "WEAKER";
}

std::string_view name(Answer answer) {
    if (answer == Answer::Killed) return "killed";
    return answer == Answer::Refused ? "refused" : "bounded";
}

bool Proof::holds() const {
    return error.empty() && !results.empty() &&
           std::all_of(results.begin(), results.end(),
                       [](const Result& each) { return each.stopped; });
}

Proof prove(const Policy& policy, bool quick) {
    Policy strict = policy;
    strict.cpu_time = std::chrono::seconds(1);
    strict.memory_bytes = std::min(strict.memory_bytes, std::uint64_t{512} << 20);
    strict.idle_workers = 2;
    const Outside outside;
    Proof proof;
    Driver driver(strict, outside.targets);
    proof.error = driver.wait_ready(proof.layers);
    if (!proof.error.empty()) return proof;
    const std::vector<const Attempt*> all = all_attempts();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (quick && !all[i]->quick) continue;
        proof.results.push_back(driver.attempt(*all[i], static_cast<std::uint32_t>(i)));
    }
    return proof;
}

}  // namespace postern::sandbox::proof
