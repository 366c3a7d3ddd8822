/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls behind a context word, found once for each word, when it is met for the first time: by the unwinder, over chunks and
 * borrowed stacks. libc loads it with the first call, which allocates; afterwards it neither allocates nor locks. Plain code.
 */
#include <execinfo.h>

#include "graph.h"

void capr__walk_prepare(void)
{
    void *here[1];
    backtrace(here, 1);
}

uint32_t capr__walk(void **frames, uint32_t most)
{
    int count = backtrace(frames, (int)most);
    return count > 0 ? (uint32_t)count : 0;
}
