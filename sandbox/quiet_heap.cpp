#include "sandbox/quiet_heap.hpp"

#include <malloc.h>
#include <sys/mman.h>
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

// What the smallest message writes: its heap, and its stack from where a worker begins. Bytes.
constexpr std::size_t kFirstOfHeap = 128 << 10;
constexpr std::size_t kFirstOfStack = 28 << 10;
constexpr std::uintptr_t kPage = 4096;

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

std::uintptr_t quiet_heap() {
    if (kSanitized) return 0;
    ::mallopt(M_TOP_PAD, kTopPad);  // NOLINT(concurrency-mt-unsafe): one thread, see above
    ::malloc_trim(kTopPad);         // merges what is free, first of all
    // First: of each size one chunk stays in reach, and whoever takes it writes into its huge page.
    fill_huge_page();
    const std::uintptr_t end = top();
    for (std::size_t size = kLargest; size > kFineBelow; size -= size / 16) take_all(size, end);
    for (std::size_t size = kFineBelow; size >= kSmallest; size -= kFineStep) take_all(size, end);
    return end;
}

void take_first_pages(std::uintptr_t untouched) {
    if (untouched == 0) return;
    const auto take = [](std::uintptr_t begin, std::size_t bytes) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): where the memory is, whatever is in it
        ::madvise(reinterpret_cast<void*>(begin), bytes, kPopulateWrite);
    };
    take(untouched / kPage * kPage, kFirstOfHeap);
    const char here = 0;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): a place, not a pointer
    const auto stack = (reinterpret_cast<std::uintptr_t>(&here) / kPage + 1) * kPage;
    take(stack - kFirstOfStack, kFirstOfStack);
}

}  // namespace postern::sandbox
