#include "gateway/cli/supervisor/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace postern::cli {
namespace {

constexpr int kFirstDescriptor = 3;
constexpr int kFailedToStart = 127;
constexpr std::size_t kMostDescriptors = 64;

/// In the child, between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(const Program& program, int executable, char* const* argv, pid_t parent) {
    // First all of them out of the way of the numbers they are going to have, then onto those.
    const int count = static_cast<int>(program.descriptors.size());
    const int above = kFirstDescriptor + count + 1;
    executable = ::fcntl(executable, F_DUPFD, above);
    std::array<int, kMostDescriptors> moved{};
    for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        moved.at(at) = ::fcntl(program.descriptors[at], F_DUPFD, above);
    }
    for (int i = 0; i < count; ++i) {
        const int from = moved.at(static_cast<std::size_t>(i));
        if (from < 0 || ::dup2(from, kFirstDescriptor + i) < 0) ::_exit(kFailedToStart);
    }
    ::fcntl(executable, F_SETFD, FD_CLOEXEC);
    for (int fd = kFirstDescriptor + count; fd < 1024; ++fd) {
        if (fd != executable) ::close(fd);
    }
    if (program.run_as) {
        const gid_t group = program.run_as->gid;
        if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0 ||
            ::setresuid(program.run_as->uid, program.run_as->uid, program.run_as->uid) != 0) {
            ::_exit(kFailedToStart);
        }
    }
    ::setpgid(0, 0);  // Ctrl-C on the terminal is the supervisor's business alone
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) ::_exit(kFailedToStart);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // By descriptor: the service user need not be able to reach the folder of the program.
    ::syscall(SYS_execveat, executable, "", argv, environ, AT_EMPTY_PATH);
    ::_exit(kFailedToStart);
}

std::string sentence(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

}  // namespace

Outcome<Child, std::string> Child::start(const Program& program) {
    if (program.descriptors.size() > kMostDescriptors) {
        return Failure{"too many descriptors for " + program.path};
    }
    const UniqueFd executable(::open(program.path.c_str(), O_PATH | O_CLOEXEC));
    if (!executable) return Failure{sentence("cannot open " + program.path)};
    std::vector<std::string> words = {program.path};
    words.insert(words.end(), program.arguments.begin(), program.arguments.end());
    std::vector<char*> argv;
    std::transform(words.begin(), words.end(), std::back_inserter(argv),
                   [](std::string& word) { return word.data(); });
    argv.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return Failure{sentence("cannot fork for " + program.path)};
    if (pid == 0) become(program, executable.get(), argv.data(), parent);
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
        const std::string why = sentence("cannot watch " + program.path);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return Failure{why};
    }
    return Child(pid, std::move(pidfd));
}

void Child::signal(int number) const {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::string Child::reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
    return "exit " + std::to_string(WEXITSTATUS(status));
}

UniqueFd memory_file(const std::string& content) {
    UniqueFd file(::memfd_create("postern", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) std::abort();  // no memory for a page: nothing can be started anyway
    for (std::size_t done = 0; done < content.size();) {
        const ssize_t wrote = ::write(file.get(), content.data() + done, content.size() - done);
        if (wrote <= 0) std::abort();
        done += static_cast<std::size_t>(wrote);
    }
    ::lseek(file.get(), 0, SEEK_SET);
    ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return file;
}

}  // namespace postern::cli
