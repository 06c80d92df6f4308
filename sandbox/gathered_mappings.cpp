#include "sandbox/gathered_mappings.hpp"

#include <sys/mman.h>

#include <algorithm>

#include "sandbox/mappings.hpp"
#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

/// Bytes. Larger holes are not between libraries: the program and its heap are on the other side,
/// or the stack.
constexpr std::uint64_t kLargestHole = std::uint64_t{1} << 30;

bool map(std::uint64_t begin, std::uint64_t end, int rights) {
    constexpr int kNew = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    return ::mmap(memory_at(begin), end - begin, rights, kNew, -1, 0) != MAP_FAILED;
}

/// The libraries: from the lowest mapping behind the great hole to the highest before the stack.
std::vector<Mapping> libraries() {
    std::vector<Mapping> found;
    for (Mapping& each : mappings()) {
        if (each.stack) break;
        if (!found.empty() && each.begin - found.back().end > kLargestHole) found.clear();
        found.push_back(std::move(each));
    }
    return found;
}

bool anonymous(const Mapping& mapping) {
    return mapping.rights == "rw-p" && mapping.inode == 0;
}

}  // namespace

void GatheredMappings::fill(std::uint64_t begin, std::uint64_t end) {
    if (begin < end && map(begin, end, PROT_NONE)) filled_.push_back({begin, end});
}

GatheredMappings::GatheredMappings() {
    if (kSanitized) return;
    const std::vector<Mapping> before = libraries();
    if (before.empty()) return;
    for (std::size_t i = 1; i < before.size(); ++i) fill(before[i - 1].end, before[i].begin);
    end_ = huge_page_down(before.front().begin);
    fill(end_, before.front().begin);
}

GatheredMappings::~GatheredMappings() {
    for (const Filled& each : filled_) ::munmap(memory_at(each.begin), each.end - each.begin);
    if (end_ == 0) return;
    // The edges: memory that nobody uses makes whole huge pages of them.
    Mapping last;
    for (const Mapping& each : libraries()) {
        const std::uint64_t until = std::min(each.begin, end_);
        std::uint64_t from = last.end;
        if (anonymous(last) && from < until) {
            const std::uint64_t to = std::min(huge_page_up(from), until);
            if (from < to && map(from, to, PROT_READ | PROT_WRITE)) from = to;
        }
        if (anonymous(each) && each.begin <= end_) {
            from = std::max(from, huge_page_down(each.begin));
            if (from < each.begin) map(from, each.begin, PROT_READ | PROT_WRITE);
        }
        if (each.begin > end_) break;
        last = each;
    }
}

}  // namespace postern::sandbox
