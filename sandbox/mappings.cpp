#include "sandbox/mappings.hpp"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>

namespace postern::sandbox {
namespace {

constexpr int kCollapse = 25;  // MADV_COLLAPSE, Linux 6.1; Debian 12's glibc does not name it

}  // namespace

std::optional<Mapping> parse_mapping(const std::string& line) {
    Mapping found;
    char rights[5] = {};
    // begin-end rights offset device inode path
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64, &found.begin,
                    &found.end, rights, &found.inode) != 4) {
        return std::nullopt;
    }
    found.rights = rights;
    found.stack = line.find("[stack") != std::string::npos;
    return found;
}

std::vector<Mapping> mappings() {
    std::vector<Mapping> all;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (auto found = parse_mapping(line)) all.push_back(std::move(*found));
    }
    return all;
}

void* memory_at(std::uint64_t address) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the address comes from the kernel as text
    return reinterpret_cast<void*>(address);
}

std::uint64_t collapse(std::uint64_t begin, std::uint64_t end) {
    if (::madvise(memory_at(begin), end - begin, MADV_HUGEPAGE) != 0) return 0;
    std::uint64_t taken = 0;
    // Piece by piece: over a whole area the call ends at the first hole and leaves the rest.
    for (std::uint64_t each = begin; each < end; each += kHugePage) {
        if (::madvise(memory_at(each), kHugePage, kCollapse) == 0) taken += kHugePage;
    }
    return taken;
}

}  // namespace postern::sandbox
