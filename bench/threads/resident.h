/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a program's threads hold in memory, before and after they are there: its own resident pages, the page tables for them, and what the
 * kernel keeps for threads of its own: a stack each, and records in slabs. The last two are told for the whole machine only,
 * so that a few thousand native threads are needed to see them through what others do.
 */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct resident {
    long user, tables, stacks, slabs; /* kB */
};

/* kB of the line of `file` that begins with `name`; 0 if there is none. */
static inline long resident_field(const char *file, const char *name) {
    char line[256];
    long value = 0;
    FILE *f = fopen(file, "r");
    if (!f) return 0;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtol(line + strlen(name), NULL, 10);
            break;
        }
    fclose(f);
    return value;
}

static inline struct resident resident_now(void) {
    struct resident r;
    r.stacks = resident_field("/proc/meminfo", "KernelStack:");
    r.slabs = resident_field("/proc/meminfo", "SUnreclaim:");
    r.user = resident_field("/proc/self/smaps_rollup", "Pss:");
    r.tables = resident_field("/proc/self/status", "VmPTE:");
    return r;
}

/* Prints the growth for each of `threads`, in bytes. */
static inline void resident_print(struct resident before, struct resident after, long threads) {
    double each = 1024.0 / (double)threads;
    printf("threads %ld  user bytes per thread %.0f  page tables %.0f  kernel stacks %.0f  kernel slabs %.0f\n", threads,
           (double)(after.user - before.user) * each, (double)(after.tables - before.tables) * each,
           (double)(after.stacks - before.stacks) * each, (double)(after.slabs - before.slabs) * each);
    fflush(stdout);
}

#endif
