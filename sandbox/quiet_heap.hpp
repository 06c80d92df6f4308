#pragma once

namespace postern::sandbox {

/// Call once everything is loaded, before the first fork, with one thread. What a worker writes is
/// what it costs, and glibc's allocator writes into the free chunks that loading has left all over
/// the heap: first merging them, then handing them out, each time a page to be copied. Afterwards
/// they are merged, and those in reach are taken for good, so that a worker's memory comes from one
/// untouched place at the end. Costs no memory that was not lost already. Does nothing in sanitizer
/// builds, which have an allocator of their own.
void quiet_heap();

}  // namespace postern::sandbox
