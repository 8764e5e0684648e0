// Where the items of native lists lie. Large buffers go back to the kernel when they are freed, and each page of the next list
// that a call makes would cost a page fault again: as much as a loop over its 512 numbers. So a few are kept for the next lists.
// They are mapped, not part of the C library's heap, which could not shrink below one that is kept.
#pragma once

#include <cstddef>

namespace hasten::runtime {

constexpr size_t kHeapMost = size_t{60} << 10;  ///< bytes of a buffer that is of the heap
constexpr size_t kKeptMost = size_t{4} << 20;   ///< bytes of all that are kept for the next lists

/// All of them need the GIL.

/// A buffer of at least `*bytes`, of which it tells how many there are; null: there is no memory. The contents are anything.
char* item_buffer(size_t* bytes);
/// One of at least `*bytes` that begins with the first `used` bytes of `buffer`, which has `had` of them, or up to 4095 more, and
/// is nobody's after that. Null: there is no memory, and `buffer` is as it was.
char* grown_item_buffer(char* buffer, size_t had, size_t used, size_t* bytes);
/// Takes back a buffer that has `bytes`, or up to 4095 more; null is nothing.
void free_item_buffer(char* buffer, size_t bytes);

}  // namespace hasten::runtime
