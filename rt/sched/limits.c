/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory: what is resident, against CAPRICCIO_MEMORY, the control group's limit or the machine's memory, whichever is least; others of
 * the same group are counted with it. The kernel's own sign of thrashing, stalls (PSI), counts as well, and where the kernel has none, page
 * faults that went to disk. Descriptors: against RLIMIT_NOFILE. Stack: chunks, which may be half of the memory. CPU: how long a
 * thread that is ready waits for its turn. Files are opened anew for each look, since a daemon may close what it does not know. Plain code.
 */
#include "limits.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../graph/graph.h"
#include "../proc/env.h"
#include "../stack/chunk.h"

#define SELDOM 100000000ull     /* ns between looks at what changes slowly or costs more */
#define TRIM_AFTER 5             /* such looks while memory is scarce: half a second */
#define CPU_DELAY 100e6         /* ns that a ready thread may wait: a person does not notice yet */
#define STALLED 10.0            /* percent of the last 10 s in which all tasks waited for memory */
#define LESS 0.2                /* of the usual work: less than that is a loss, not noise */
#define FAULTS_A_SECOND 1000.0  /* page faults that read: half of what a disk of 100 us can do */

struct capr_limit capr__limits[CAPR_LIMITS] = {
    [CAPR_LIMIT_MEMORY] = {"memory", .use = CAPR_USE_HEAP, .least = 256, .high = 0.90, .low = 0.80, .counted = 1},
    [CAPR_LIMIT_STACK] = {"stack", .use = CAPR_USE_THREADS, .least = 0.05, .high = 0.95, .low = 0.85},
    [CAPR_LIMIT_FILES] = {"descriptors", .use = CAPR_USE_FILES, .least = 0.05, .high = 0.98, .low = 0.95, .counted = 1},
    [CAPR_LIMIT_CPU] = {"cpu", .limit = CPU_DELAY, .use = CAPR_USE_FILES, .least = 0.5, .high = 1, .low = 0.5},
};

/* Reads a small file; returns its length, 0 if there is none. */
static size_t read_text(const char *file, char *text, size_t size)
{
    long fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    long n = syscall(SYS_read, fd, text, size - 1);
    syscall(SYS_close, fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static double number_in(const char *file, const char *behind)
{
    char text[4096];
    if (!read_text(file, text, sizeof text))
        return 0;
    const char *at = behind ? strstr(text, behind) : text;
    return at ? strtod(at + (behind ? strlen(behind) : 0), NULL) : 0;
}

/* The memory controller's directory: version 2, then 1; empty if there is none that can be read. */
static char group[512];
static int group_version;

static void find_group(void)
{
    char text[4096], file[600];
    if (!read_text("/proc/self/cgroup", text, sizeof text))
        return;
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char *path = strstr(line, ":/");
        int one = !strncmp(strchr(line, ':') ? strchr(line, ':') : line, ":memory:", 8), two = !strncmp(line, "0::", 3);
        if (!path || (!one && !two))
            continue;
        size_t length = strcspn(path + 1, "\n");
        /* In a container the group's own path may not be there: then what is mounted is the group. */
        for (int whole = 1; whole >= 0; whole--) {
            snprintf(group, sizeof group, "/sys/fs/cgroup%s%.*s", one ? "/memory" : "", whole ? (int)length : 0, path + 1);
            snprintf(file, sizeof file, "%s/%s", group, one ? "memory.limit_in_bytes" : "memory.max");
            if (read_text(file, (char[64]){0}, 64)) {
                group_version = one ? 1 : 2;
                return;
            }
        }
        group[0] = 0;
    }
}

/* A number in a file of that directory. */
static double group_number(const char *name, const char *behind)
{
    char file[600];
    snprintf(file, sizeof file, "%s/%s", group, name);
    return number_in(file, behind);
}

static double least_of(double a, double b) { return a > 0 && (b <= 0 || a < b) ? a : b; }

static double memory_limit(void)
{
    double limit = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (group_version == 1)
        limit = least_of(group_number("memory.limit_in_bytes", NULL), limit);
    else if (group_version == 2) /* "max" reads as 0: none */
        limit = least_of(group_number("memory.high", NULL), least_of(group_number("memory.max", NULL), limit));
    return least_of((double)capr__env.memory, limit);
}

/* Bytes of anonymous memory of the whole group. */
static double group_used(void)
{
    return group_version == 1 ? group_number("memory.stat", "total_rss ") : group_version == 2 ? group_number("memory.stat", "anon ") : 0;
}

/* Do the group's tasks, or the machine's, stand still for lack of memory? */
static int stalled(double seconds)
{
    static long faults;
    double full = group_version == 2 ? group_number("memory.pressure", "full avg10=") : 0;
    if (full == 0)
        full = number_in("/proc/pressure/memory", "full avg10=");
    struct rusage usage;
    if (full > 0 || getrusage(RUSAGE_SELF, &usage))
        return full > STALLED;
    double rate = faults && seconds > 0 ? (double)(usage.ru_majflt - faults) / seconds : 0;
    faults = usage.ru_majflt;
    return rate > FAULTS_A_SECOND;
}

/* Thrashing is to do less the more is asked for: while tasks stand still and less useful work ends than is usual, what is resident is too
 * much. Returns the limit that this has taught, 0 while there is none; once all is well it grows until it says nothing any more.
 * Work is what the program counts (capr_progress), or threads that end. */
static double learn(struct capr_worker *w, double seconds, double resident, double limit, int stall)
{
    static double learned, usual;
    static uint64_t before;
    uint64_t done = capr__progress() ? capr__progress() : w->count.threads_created - w->live_threads;
    double rate = seconds > 0 && done >= before ? (double)(done - before) / seconds : 0;
    before = done;
    if (stall && usual > 0 && rate < (1 - LESS) * usual)
        learned = (1 - LESS / 4) * resident;
    else if (!stall)
        usual += (rate - usual) / 16; /* over 1.6 s */
    if (!stall && learned > 0)
        learned *= 1.02;
    if (learned > limit)
        learned = 0;
    return learned;
}

/* Open descriptors. Since Linux 6.2 the directory's size says it; before, its entries have to be read, which takes the kernel 0.3 us for each:
 * so only once, and what is made and closed since is known. */
static double count_files(void)
{
    static double read_once = -1;
    char entries[4096];
    struct stat st;
    if (syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/fd", &st, 0) == 0 && st.st_size > 0)
        return (double)st.st_size;
    if (read_once >= 0)
        return read_once + (double)capr__worker.use.files;
    double count = -3; /* ., .., and the one that reads */
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
    if (fd < 0)
        return 0;
    while ((n = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0)
        for (long at = 0; at < n; at += *(unsigned short *)(entries + at + 16))
            count++;
    syscall(SYS_close, fd);
    read_once = count - (double)capr__worker.use.files;
    return count;
}

static void look_seldom(struct capr_worker *w, double seconds, double resident, double *others, double *files, int *stall)
{
    struct rlimit descriptors;
    *stall = stalled(seconds);
    double limit = memory_limit();
    capr__limits[CAPR_LIMIT_MEMORY].limit = least_of(learn(w, seconds, resident, limit, *stall), limit);
    capr__limits[CAPR_LIMIT_STACK].limit = capr__limits[CAPR_LIMIT_MEMORY].limit / 2;
    double group_bytes = group_used();
    *others = group_bytes > resident ? group_bytes - resident : 0;
    if (!getrlimit(RLIMIT_NOFILE, &descriptors))
        capr__limits[CAPR_LIMIT_FILES].limit = (double)descriptors.rlim_cur;
    *files = count_files() - (double)w->use.files;
}

int capr__limits_look(struct capr_worker *w, uint64_t now)
{
    static uint64_t seldom_at;
    static double others, files;
    static int stall, found, scarce_looks;
    char text[128];
    double resident = 0;
    if (!found)
        find_group(), found = 1;
    if (read_text("/proc/self/statm", text, sizeof text)) {
        char *end;
        strtod(text, &end);
        double pages = strtod(end, &end), shared = strtod(end, NULL);
        resident = (pages - shared) * (double)sysconf(_SC_PAGESIZE);
    }
    if (now >= seldom_at) {
        look_seldom(w, seldom_at ? (double)(now + SELDOM - seldom_at) / 1e9 : 0, resident, &others, &files, &stall);
        seldom_at = now + SELDOM;
        /* What the program has freed and the allocator keeps looks used; but to give it back costs a fault for each page that is
         * taken again: only where letting threads wait has not helped by itself. */
        scarce_looks = capr__limits[CAPR_LIMIT_MEMORY].scarce ? scarce_looks + 1 : 0;
        if (scarce_looks == TRIM_AFTER) {
            scarce_looks = 0;
            malloc_trim(0);
        }
    }
    struct capr_graph *g = &capr__graph;
    capr__limits[CAPR_LIMIT_MEMORY].used = resident + others;
    capr__limits[CAPR_LIMIT_STACK].used = (double)capr__chunk_bytes_in_use(w);
    capr__limits[CAPR_LIMIT_FILES].used = files + (double)w->use.files;
    capr__limits[CAPR_LIMIT_CPU].used = g->delays ? g->delay_cycles / g->delays * g->ns_per_cycle : capr__limits[CAPR_LIMIT_CPU].used / 2;
    g->delays = g->delay_cycles = 0;
    for (int i = 0; i < CAPR_NAMED; i++)
        capr__limits[CAPR_LIMIT_NAMED + i].used = (double)w->use.named[i];
    int any = 0;
    for (int i = 0; i < CAPR_LIMITS; i++) {
        struct capr_limit *l = &capr__limits[i];
        if (l->limit <= 0)
            continue;
        if (l->used > l->high * l->limit)
            l->scarce = 1;
        else if (l->used < l->low * l->limit)
            l->scarce = 0;
        any |= l->scarce;
    }
    /* Stalls of a machine that others have filled are not ours to cure. */
    if (stall && resident > 0.1 * capr__limits[CAPR_LIMIT_MEMORY].limit)
        any = capr__limits[CAPR_LIMIT_MEMORY].scarce = 1;
    return any;
}
