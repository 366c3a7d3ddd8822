/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Time, and memory for deadlines: what timed waits need that calls libc, hence plain code that runs on a big stack.
 */
#include <sys/mman.h>
#include <time.h>

#include "../proc/message.h"
#include "sched.h"
#include "timer.h"

#define NS_PER_S 1000000000ull

static uint64_t read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t capr__now(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t capr__deadline(int clock, const struct timespec *abstime) {
    if (abstime->tv_sec < 0) return 0;
    /* Beyond 292 years from the epoch the sum below would overflow: for ever. */
    if ((uint64_t)abstime->tv_sec >= (uint64_t)INT64_MAX / NS_PER_S) return CAPR_FOREVER;
    uint64_t when = (uint64_t)abstime->tv_sec * NS_PER_S + (uint64_t)abstime->tv_nsec;
    if (clock == CLOCK_MONOTONIC) return when;
    uint64_t now = read_clock(clock);
    return when <= now ? 0 : capr__now() + (when - now);
}

void capr__timer_grow(void) {
    uint32_t capacity = capr__process.timer_capacity ? capr__process.timer_capacity * 2 : 256;
    void *p;
    if (!capr__process.timers)
        p = mmap(NULL, capacity * sizeof *capr__process.timers, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    else
        p = mremap(capr__process.timers, capr__process.timer_capacity * sizeof *capr__process.timers, capacity * sizeof *capr__process.timers, MREMAP_MAYMOVE);
    if (p == MAP_FAILED) capr__fatal_thread("out of memory for %u timed waits; raise the memory limit (ulimit -v, cgroup)", capacity);
    capr__process.timers = p;
    capr__process.timer_capacity = capacity;
}
