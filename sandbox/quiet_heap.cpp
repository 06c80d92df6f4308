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
constexpr std::size_t kFineStep = 16;
constexpr std::size_t kFineBelow = kSmallest + 63 * kFineStep;  // one bin for each size up to here
constexpr std::uintptr_t kHuge = std::uintptr_t{2} << 20;
constexpr int kMappedFrom = 32 << 20;  // bytes; glibc takes no more
constexpr int kTopPad = 256 << 10;     // workers grow the heap by so much at a time, bytes

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

/// Takes the rest of the huge page in which the heap ends. Not touched, so it costs nothing.
void fill_huge_page() {
    constexpr std::size_t kHeader = sizeof(std::size_t);
    const std::uintptr_t rest = kHuge - top() % kHuge;
    if (rest <= kSmallest || rest == kHuge) return;
    // Kept for good; volatile, or the compiler would see that nobody needs it.
    void* volatile kept = std::malloc(rest - kHeader);  // NOLINT(cppcoreguidelines-no-malloc)
    static_cast<void>(kept);
}  // NOLINT(clang-analyzer-unix.Malloc): see above

}  // namespace

void gather_heap() {
    if (kSanitized) return;
    ::mallopt(M_MMAP_THRESHOLD, kMappedFrom);  // NOLINT(concurrency-mt-unsafe): one thread
    ::mallopt(M_TRIM_THRESHOLD, kMappedFrom);  // NOLINT(concurrency-mt-unsafe)
    fill_huge_page();
}

void quiet_heap() {
    if (kSanitized) return;
    ::mallopt(M_TOP_PAD, kTopPad);  // NOLINT(concurrency-mt-unsafe): one thread, see above
    ::malloc_trim(kTopPad);         // merges what is free, first of all
    const std::uintptr_t end = top();
    for (std::size_t size = kLargest; size > kFineBelow; size -= size / 16) take_all(size, end);
    for (std::size_t size = kFineBelow; size >= kSmallest; size -= kFineStep) take_all(size, end);
    fill_huge_page();
}

}  // namespace postern::sandbox
