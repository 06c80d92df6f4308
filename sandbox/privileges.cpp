#include "sandbox/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

namespace postern::sandbox {
namespace {

bool set_capabilities(std::uint32_t low) {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    data[0].effective = data[0].permitted = low;
    return ::syscall(SYS_capset, &header, data.data()) == 0;
}

bool limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
    const rlimit both = {soft, hard};
    return ::setrlimit(resource, &both) == 0;
}

bool limit(__rlimit_resource resource, rlim_t value) {
    return limit(resource, value, value);
}

}  // namespace

bool keep_only_sys_admin() {
    for (unsigned long each = 0; ::prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; ++each) {
        if (::prctl(PR_CAPBSET_DROP, each, 0, 0, 0) != 0) return false;
    }
    return set_capabilities(std::uint32_t{1} << CAP_SYS_ADMIN);
}

bool drop_all_capabilities() {
    return set_capabilities(0);
}

bool has_no_capabilities() {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
    return std::all_of(data.begin(), data.end(), [](const __user_cap_data_struct& each) {
        return (each.effective | each.permitted | each.inheritable) == 0;
    });
}

bool limit_zygote(const Policy& policy, std::uint64_t mapped) {
    const bool memory =
        kSanitized || limit(RLIMIT_AS, static_cast<rlim_t>(mapped + policy.memory_bytes));
    return memory && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, policy.file_bytes) &&
           limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_SIGPENDING, 8);
}

bool limit_worker(const Policy& policy) {
    const auto cpu = static_cast<rlim_t>(policy.cpu_time.count());
    return limit(RLIMIT_NOFILE, policy.open_files) && limit(RLIMIT_NPROC, 0) &&
           limit(RLIMIT_CPU, cpu, cpu + 1);
}

std::uint64_t mapped_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t pages = 0;
    statm >> pages;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace postern::sandbox
