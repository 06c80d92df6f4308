#include "sandbox/quiet_heap.hpp"

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t kLargest = std::size_t{64} << 10;  // larger ones are rare: left as they are
constexpr std::size_t kSmallest = 24;                    // the smallest chunk's
constexpr std::size_t kFineBelow = 1024;                 // one bin for each size up to here
constexpr std::size_t kFineStep = 16;
constexpr int kTopPad = 256 << 10;  // workers grow the heap by so much at a time, bytes

/// Where the heap's untouched end begins.
std::uintptr_t top() {
    const struct mallinfo2 heap = ::mallinfo2();
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): compared, never used
    return reinterpret_cast<std::uintptr_t>(::sbrk(0)) - heap.keepcost;
}

/// Takes free chunks of this size until one comes from behind `end`.
void take_all(std::size_t size, std::uintptr_t end) {
    for (;;) {
        void* chunk = std::malloc(size);  // NOLINT(cppcoreguidelines-no-malloc): it is about malloc
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): compared, never used
        const auto place = reinterpret_cast<std::uintptr_t>(chunk);
        if (chunk == nullptr || place >= end) {
            std::free(chunk);  // NOLINT(cppcoreguidelines-no-malloc)
            return;
        }
    }
}

}  // namespace

void quiet_heap() {
    if (kSanitized) return;
    ::mallopt(M_TOP_PAD, kTopPad);  // NOLINT(concurrency-mt-unsafe): one thread, see above
    ::malloc_trim(kTopPad);         // merges what is free, first of all
    const std::uintptr_t end = top();
    for (std::size_t size = kLargest; size >= kSmallest;) {
        take_all(size, end);
        size -= size > kFineBelow ? size / 16 : kFineStep;
    }
}

}  // namespace postern::sandbox
