#include "sandbox/spawn.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace postern::sandbox {
namespace {

constexpr int kChannel = 3;
constexpr int kSettings = 4;
constexpr int kFailedToStart = 127;
/// The linker's work is done once, and not again in each worker, where it is some thirty page
/// faults.
constexpr const char* kBindNow = "LD_BIND_NOW=1";

bool become(const Identity& identity) {
    const gid_t group = identity.gid;
    return ::setgroups(1, &group) == 0 && ::setresgid(group, group, group) == 0 &&
           ::setresuid(identity.uid, identity.uid, identity.uid) == 0;
}

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void start_in_child(int program, char* const* argv, char* const* environment,
                                 int channel, int settings,
                                 const std::optional<Identity>& identity) {
    // Out of the way of their numbers first, then onto them.
    program = ::fcntl(program, F_DUPFD, kSettings + 1);
    channel = ::fcntl(channel, F_DUPFD, kSettings + 1);
    settings = ::fcntl(settings, F_DUPFD, kSettings + 1);
    if (::dup2(channel, kChannel) < 0 || ::dup2(settings, kSettings) < 0) ::_exit(kFailedToStart);
    const auto kept = static_cast<unsigned>(program);
    const unsigned first = kSettings + 1;
    if (kept > first) ::syscall(SYS_close_range, first, kept - 1, 0);
    ::syscall(SYS_close_range, kept + 1, ~0U, 0);
    ::fcntl(program, F_SETFD, FD_CLOEXEC);
    if (identity && !become(*identity)) ::_exit(kFailedToStart);
    ::setpgid(0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    // By descriptor: the analyzer's user need not reach the folder of the program.
    ::syscall(SYS_execveat, program, "", argv, environment, AT_EMPTY_PATH);
    ::_exit(kFailedToStart);
}

}  // namespace

std::variant<Spawned, int> Spawned::start(const std::string& program,
                                          std::vector<std::string> arguments, int settings,
                                          std::optional<Identity> identity) {
    const Descriptor executable(::open(program.c_str(), O_PATH | O_CLOEXEC));
    auto pair = channel_pair();
    if (!executable || !pair) return errno;
    std::replace(arguments.begin(), arguments.end(), std::string("@channel"),
                 std::to_string(kChannel));
    std::replace(arguments.begin(), arguments.end(), std::string("@settings"),
                 std::to_string(kSettings));
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& word : arguments) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<char*> environment;
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    std::string bound = kBindNow;
    environment.push_back(bound.data());
    environment.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) return errno;
    if (pid == 0) {
        start_in_child(executable.get(), argv.data(), environment.data(), (*pair)[1].get(),
                       settings, identity);
    }
    Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return Spawned(pid, std::move(pidfd), std::move((*pair)[0]));
}

Spawned::Spawned(Spawned&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)) {}

Spawned& Spawned::operator=(Spawned&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(channel_, other.channel_);
    return *this;
}

Spawned::~Spawned() {
    if (pid_ < 0) return;
    channel_.reset();  // the zygote sees it and ends; the launcher follows
    // A launcher that is still loading looks at nothing: it is not waited for.
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

std::optional<Descriptor> Spawned::connect() const {
    auto pair = channel_pair();
    if (!pair || !send(channel_.get(), Client{}, {(*pair)[1].get()})) return std::nullopt;
    return std::move((*pair)[0]);
}

bool Spawned::drain() const {
    return send(channel_.get(), Drain{});
}

}  // namespace postern::sandbox
