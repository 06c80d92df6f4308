#include "sandbox/inherited_text.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "sandbox/descriptor.hpp"
#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

/// KiB mapped of one file. Below, what copying the mapping costs is more than the faults it saves.
constexpr std::uint64_t kMuch = 128;

struct Mapping {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t mapped = 0;   ///< KiB
    std::uint64_t written = 0;  ///< KiB that are no longer the file's
};

/// Code that nobody has written to since it was loaded: dropping its pages loses nothing. Not its
/// constants: relocated ones have been written to, and large tables would come along.
std::vector<Mapping> untouched_code() {
    std::vector<Mapping> all;
    std::ifstream maps("/proc/self/smaps");
    bool listed = false;
    for (std::string line; std::getline(maps, line);) {
        Mapping mapping;
        std::uint64_t inode = 0;
        char rights[5] = {};
        if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64,
                        &mapping.begin, &mapping.end, rights, &inode) == 4) {
            listed = inode != 0 && std::string(rights) == "r-xp";
            if (listed) all.push_back(mapping);
        } else if (listed) {
            (void)std::sscanf(line.c_str(), "Rss: %" SCNu64, &all.back().mapped);
            (void)std::sscanf(line.c_str(), "Anonymous: %" SCNu64, &all.back().written);
        }
    }
    std::erase_if(all, [](const Mapping& each) { return each.written != 0; });
    return all;
}

}  // namespace

void forget_text() {
    if (kSanitized) return;
    for (const Mapping& each : untouched_code()) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the address comes from the kernel as text
        ::madvise(reinterpret_cast<void*>(each.begin), each.end - each.begin, MADV_DONTNEED);
    }
}

void pass_on_text() {
    if (kSanitized) return;
    const Descriptor memory(::open("/proc/self/mem", O_RDWR | O_CLOEXEC));
    if (!memory) return;
    for (const Mapping& each : untouched_code()) {
        if (each.mapped < kMuch) continue;
        char byte = 0;
        const auto at = static_cast<off_t>(each.begin);
        if (::pread(memory.get(), &byte, 1, at) == 1) (void)!::pwrite(memory.get(), &byte, 1, at);
    }
}

}  // namespace postern::sandbox
