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
#include "sandbox/mappings.hpp"
#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

/// KiB mapped of one file. Below, what copying the mapping costs is more than the faults it saves.
constexpr std::uint64_t kMuch = 128;

struct Code {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t mapped = 0;   ///< KiB
    std::uint64_t written = 0;  ///< KiB that are no longer the file's
};

/// Code that nobody has written to since it was loaded: dropping its pages loses nothing. Not its
/// constants: relocated ones have been written to, and large tables would come along.
std::vector<Code> untouched_code() {
    std::vector<Code> all;
    std::ifstream maps("/proc/self/smaps");
    bool listed = false;
    for (std::string line; std::getline(maps, line);) {
        if (const auto mapping = parse_mapping(line)) {
            listed = mapping->inode != 0 && mapping->rights == "r-xp";
            if (listed) all.push_back({mapping->begin, mapping->end});
        } else if (listed) {
            (void)std::sscanf(line.c_str(), "Rss: %" SCNu64, &all.back().mapped);
            (void)std::sscanf(line.c_str(), "Anonymous: %" SCNu64, &all.back().written);
        }
    }
    std::erase_if(all, [](const Code& each) { return each.written != 0; });
    return all;
}

}  // namespace

void forget_text() {
    if (kSanitized) return;
    for (const Code& each : untouched_code()) {
        ::madvise(memory_at(each.begin), each.end - each.begin, MADV_DONTNEED);
    }
}

void pass_on_text() {
    if (kSanitized) return;
    const Descriptor memory(::open("/proc/self/mem", O_RDWR | O_CLOEXEC));
    if (!memory) return;
    for (const Code& each : untouched_code()) {
        if (each.mapped < kMuch) continue;
        char byte = 0;
        const auto at = static_cast<off_t>(each.begin);
        if (::pread(memory.get(), &byte, 1, at) == 1) (void)!::pwrite(memory.get(), &byte, 1, at);
    }
}

}  // namespace postern::sandbox
