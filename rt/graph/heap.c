/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the program's calls of the malloc family take and give back, while a way through the graph is being timed
 * (passes/HeapCalls.cpp). Sizes are the allocator's own, whichever the program links, as long as it says them. Plain code.
 */
#include <dlfcn.h>
#include <malloc.h>

#include "heap.h"

/* An allocator that does not say sizes must not have libc's function read its blocks. */
static int says_sizes(void) {
    static int known;
    if (!known) {
        Dl_info allocator, sizes;
        known = dladdr((void *)malloc, &allocator) && dladdr((void *)malloc_usable_size, &sizes) && allocator.dli_fbase == sizes.dli_fbase ? 1 : -1;
    }
    return known > 0;
}

void capr__heap_taken(void *block) {
    if (block && says_sizes()) capr__worker.use.heap += (int64_t)malloc_usable_size(block);
}

void capr__heap_given(void *block) {
    if (block && says_sizes()) capr__worker.use.heap -= (int64_t)malloc_usable_size(block);
}
