#pragma once

/// Heap allocations that the calling thread has made; always 0 where counting is not possible (sanitizers bring
/// allocators of their own, and other C libraries do not let us in).
unsigned long allocation_count(void);
/// 1 if allocations are counted.
int allocation_counting_works(void);
