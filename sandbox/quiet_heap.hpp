#pragma once

#include <cstdint>

namespace postern::sandbox {

inline constexpr int kPopulateWrite = 23;  ///< MADV_POPULATE_WRITE, Linux 5.14

/// Call first of all, before anything large is allocated: what is loaded goes into the heap, also
/// what glibc would map in pieces of its own, and from the beginning of a huge page on. So huge
/// pages can back all of it, and a fork has little else to copy. Memory up to 32 MiB is then reused
/// and not given back to the system, which a process of one message has no reason to do.
void gather_heap();

/// Call once everything is loaded, before the first fork, with one thread. What a worker writes is
/// what it costs, and glibc's allocator writes into the free chunks that loading has left all over
/// the heap: first merging them, then handing them out, each time a page to be copied. Afterwards
/// they are merged, and those in reach are taken for good, so that a worker's memory comes from one
/// untouched place at the end, which begins with a huge page of its own. Costs no memory that was
/// not lost already. Does nothing in sanitizer builds, which have an allocator of their own. Where
/// the untouched place begins; 0: nothing was done.
std::uintptr_t quiet_heap();

/// Call in a process that will soon write into the untouched place, which begins at `untouched` (0:
/// there is none and nothing is done), and into its stack: takes their
/// first pages in two calls, where each would be a fault of its own. Older kernels do not know how
/// (before 5.14): then they are faults.
void take_first_pages(std::uintptr_t untouched);

}  // namespace postern::sandbox
