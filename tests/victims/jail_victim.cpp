/// @file A launcher whose workers do what the first byte of their message tells them: what the tests
/// of the jail and of its door need and no product has. usage: jail_victim --channel-fd N

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "sandbox/launcher.hpp"

namespace {

using namespace postern::sandbox;

void say(int report, const std::string& text) {
    (void)!::write(report, text.data(), text.size());
}

void spin() {
    volatile bool forever = true;
    while (forever) {
    }
}

class Victim final : public Workload {
public:
    explicit Victim(bool lame) : lame_(lame) {}
    Prepared prepare() override { return {"", "{\"victim\":true}"}; }
    int prove() override { return lame_ ? 7 : 0; }

    int work(const Job& job) override {
        char deed = 0;
        if (::pread(job.message, &deed, 1, 0) != 1) return 1;
        switch (deed) {
            case 'e':
                return echo(job);
            case 'a':
                std::abort();
            case 'c':
                ::kill(0, 0);  // never reached: the call itself is forbidden
                return 2;
            case 's':
                return *static_cast<volatile int*>(nullptr);
            case 'h':
                for (;;) ::syscall(SYS_sched_yield);
            case 'w':
                spin();
                return 2;
            case 'f':
                for (;;) say(job.report, std::string(65536, 'x'));
            case 'x':
                return 5;
            case 'm':
                return memory();
            case 'o':
                say(job.report, ::syscall(SYS_openat, -100, "/etc/passwd", 0) < 0 ? "no" : "yes");
                return 0;
            case 't':
                return scratch(job);
            default:
                say(job.report, "unknown");
                return 0;
        }
    }

private:
    static int echo(const Job& job) {
        std::string text(job.size, '\0');
        if (::pread(job.message, text.data(), text.size(), 0) !=
            static_cast<ssize_t>(text.size())) {
            return 1;
        }
        say(job.report, text);
        return 0;
    }

    static int memory() {
        std::vector<std::string> kept;
        try {
            for (;;) kept.emplace_back(64U << 20U, 'x');
        } catch (const std::bad_alloc&) {
            return 6;
        }
    }

    static int scratch(const Job& job) {
        const long file = ::syscall(SYS_openat, -100, "/scratch/x", 0102, 0600);
        say(job.report, file < 0 ? "no" : ::getpid() == 1 ? "yes" : "not alone");
        return 0;
    }

    bool lame_;
};

}  // namespace

int main(int argc, char** argv) {
    int channel = -1;
    bool lame = false;
    Policy policy;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string(argv[i]) == "--channel-fd") channel = std::atoi(argv[i + 1]);
        if (std::string(argv[i]) == "--lame") lame = true;
        if (std::string(argv[i]) == "--max-workers") {
            policy.max_workers = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
            policy.idle_workers = 1;
        }
    }
    policy.cpu_time = std::chrono::seconds(1);
    policy.memory_bytes = std::uint64_t{256} << 20;
    Victim victim(lame);
    return run_launcher(policy, victim, channel);
}
