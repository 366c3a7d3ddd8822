/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory: what is resident, against CAPRICCIO_MEMORY or what others of the control group leave of its limit or of the machine's memory,
 * whichever is less. The kernel's own sign of thrashing, stalls (PSI), counts as well, and where the kernel has none, page
 * faults that went to disk. Descriptors: against RLIMIT_NOFILE. Stack: chunks, which may be half of the memory. CPU: how long a
 * thread that is ready waits for its turn. Disk: how long a request takes. Files are opened anew for each look, since a daemon may close what it does not know. Plain code.
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
#include "knee.h"
#include "node_queues.h"

#define SELDOM 100000000ull     /* ns between looks at what changes slowly or costs more */
#define NEAR 0.92               /* of memory that is resident: what the allocator keeps of it counts as well */
#define KEPT 0.02               /* of memory: and may be so much */
#define CALM 1000000000ull       /* ns for which less than what serves best is to be in use before everybody may take again */
#define DELAY 100e6             /* ns that a ready thread may wait, and a request to the disk: a person does not notice yet */
#define STALLED 10.0            /* percent of the last 10 s in which all tasks waited for memory */
#define FAULTS_A_SECOND 1000.0  /* page faults that read: half of what a disk of 100 us can do */

struct capr_limit capr__limits[CAPR_LIMITS] = {
    [CAPR_LIMIT_MEMORY] = {"memory", .use = CAPR_USE_HEAP, .least = 256, .high = 0.90, .low = 0.80, .counted = 1},
    [CAPR_LIMIT_STACK] = {"stack", .use = CAPR_USE_THREADS, .least = 0.05, .high = 0.95, .low = 0.85},
    [CAPR_LIMIT_FILES] = {"descriptors", .use = CAPR_USE_FILES, .least = 0.05, .high = 0.98, .low = 0.95, .counted = 1},
    [CAPR_LIMIT_CPU] = {"cpu", .limit = DELAY, .use = CAPR_USE_FILES, .least = 0.5, .high = 1, .low = 0.5},
    [CAPR_LIMIT_DISK] = {"disk", .limit = DELAY, .use = CAPR_USE_FILES, .least = 0.5, .high = 1, .low = 0.5},
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

/* Bytes of anonymous memory of the whole group. */
static double group_used(void)
{
    return group_version == 1 ? group_number("memory.stat", "total_rss ") : group_version == 2 ? group_number("memory.stat", "anon ") : 0;
}

/* What this process may have resident: of the group's limit, or the machine's, what others of the group leave. */
static double memory_limit(double resident)
{
    double limit = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE), group_bytes = group_used();
    if (group_version == 1)
        limit = least_of(group_number("memory.limit_in_bytes", NULL), limit);
    else if (group_version == 2) /* "max" reads as 0: none */
        limit = least_of(group_number("memory.high", NULL), least_of(group_number("memory.max", NULL), limit));
    if (group_bytes > resident)
        limit = limit - (group_bytes - resident) > resident / 2 ? limit - (group_bytes - resident) : resident / 2;
    return least_of((double)capr__env.memory, limit);
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

/* What the program counts (capr_progress), or else bytes of heap that it gives back, or else threads that end. */
static double work_done(const struct capr_worker *w)
{
    return capr__progress()            ? (double)capr__progress()
           : capr__nodes_released > 0 ? capr__nodes_released
                                       : (double)(w->count.threads_created - w->live_threads);
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

/* What changes slowly or costs more. */
static struct {
    uint64_t at;              /* ns: of the next look */
    double memory;            /* bytes that there are for this process */
    double files;             /* open descriptors but those that are in capr_use */
    int stall;
} seldom;

static void look_seldom(struct capr_worker *w, uint64_t now, double resident)
{
    struct rlimit descriptors;
    seldom.stall = stalled(seldom.at ? (double)(now + SELDOM - seldom.at) / 1e9 : 0);
    seldom.memory = memory_limit(resident);
    capr__limits[CAPR_LIMIT_STACK].limit = seldom.memory / 2;
    if (!getrlimit(RLIMIT_NOFILE, &descriptors))
        capr__limits[CAPR_LIMIT_FILES].limit = (double)descriptors.rlim_cur;
    seldom.files = count_files() - (double)w->use.files;
    seldom.at = now + SELDOM;
}

static double resident_bytes(void)
{
    char text[128], *end;
    if (!read_text("/proc/self/statm", text, sizeof text))
        return 0;
    strtod(text, &end);
    double pages = strtod(end, &end), shared = strtod(end, NULL);
    return (pages - shared) * (double)sysconf(_SC_PAGESIZE);
}

/* Bytes that the program has taken, of those that are resident: without what the allocator keeps of those that it has given back. Which
 * glibc's knows; by another allocator all that is resident. */
static double taken(const struct capr_worker *w, double resident)
{
    struct mallinfo2 heap = mallinfo2();
    double chunks = (double)w->chunk_bytes, mapped = (double)heap.arena + (double)heap.hblkhd + chunks;
    double bytes = (double)heap.uordblks + (double)heap.hblkhd + chunks + (resident > mapped ? resident - mapped : 0);
    return bytes < resident ? bytes : resident;
}

/* What counts as used: what is taken; near the limit, where the kernel looks at what is resident, that. There the allocator is asked to
 * give back what it keeps, which costs a fault for each page that is taken again: seldom, where that has not helped. */
static double in_use(const struct capr_worker *w, uint64_t now, double resident)
{
    static uint64_t trim_at;
    double bytes = taken(w, resident);
    if (resident < NEAR * seldom.memory)
        return bytes;
    if (now >= trim_at && resident - bytes > KEPT * seldom.memory) {
        malloc_trim(0);
        double after = resident_bytes();
        trim_at = now + (resident - after < KEPT / 2 * seldom.memory ? 5 * SELDOM : SELDOM / 2);
        resident = after;
    }
    return resident;
}

/* Since the last look; where nobody waited it is taken for half of what it was. */
static void mean_delay(struct capr_limit *l, double ns, double count) { l->used = count > 0 ? ns / count : l->used / 2; }

static void judge(struct capr_limit *l, uint64_t now)
{
    if (l->used >= l->low * l->limit)
        l->ample_since = now;
    if (l->used > l->high * l->limit)
        l->scarce = 1;
    else if (now - l->ample_since > l->calm)
        l->scarce = 0;
}

int capr__limits_look(struct capr_worker *w, uint64_t now)
{
    static int found;
    struct capr_graph *g = &capr__graph;
    struct capr_limit *memory = &capr__limits[CAPR_LIMIT_MEMORY];
    if (!found)
        find_group(), found = 1;
    double resident = resident_bytes();
    if (now >= seldom.at)
        look_seldom(w, now, resident);
    memory->used = memory->scarce || resident > memory->low * memory->limit ? in_use(w, now, resident) : resident;
    memory->limit = capr__knee(&(struct capr_knee_look){now, work_done(w), memory->used, seldom.memory, memory->scarce, seldom.stall});
    memory->calm = capr__knee_lowered() ? CALM : 0;
    capr__limits[CAPR_LIMIT_STACK].used = (double)capr__chunk_bytes_in_use(w);
    capr__limits[CAPR_LIMIT_FILES].used = seldom.files + (double)w->use.files;
    mean_delay(&capr__limits[CAPR_LIMIT_CPU], g->delay_cycles * g->ns_per_cycle, g->delays);
    mean_delay(&capr__limits[CAPR_LIMIT_DISK], (double)w->disk_ns, w->disk_requests);
    g->delays = g->delay_cycles = 0;
    w->disk_ns = w->disk_requests = 0;
    for (int i = 0; i < CAPR_NAMED; i++)
        capr__limits[CAPR_LIMIT_NAMED + i].used = (double)w->use.named[i];
    int any = 0;
    for (int i = 0; i < CAPR_LIMITS; i++)
        if (capr__limits[i].limit > 0) {
            judge(&capr__limits[i], now);
            any |= capr__limits[i].scarce;
        }
    /* Stalls of a machine that others have filled are not ours to cure. */
    if (seldom.stall && resident > 0.1 * memory->limit)
        any = memory->scarce = 1;
    return any;
}
