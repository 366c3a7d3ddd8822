/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory: what is resident, against CAPRICCIO_MEMORY or what others of the control group leave of its limit or of the machine's memory,
 * whichever is less. The kernel's own sign of thrashing, stalls (PSI), counts as well, and where the kernel has none, page
 * faults that went to disk. Descriptors: against RLIMIT_NOFILE. Stack: chunks, which may be half of the memory. CPU: how long a
 * thread that is ready waits for its turn. Disk: how long a request takes. Plain code.
 */
#include "limits.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../graph/workers.h"
#include "../stack/chunk.h"
#include "knee.h"
#include "memory.h"
#include "ways.h"

#define SELDOM 100000000ull     /* ns between looks at what changes slowly or costs more */
#define NEAR 0.92               /* of memory that is resident: what the allocator keeps of it counts as well */
#define KEPT 0.02               /* of memory: and may be so much */
#define CALM 1000000000ull      /* ns for which less is to be in use before everybody may take again: of memory where that is less than what
                                   serves best, and of descriptors, of which a burst takes a good part between two looks */
#define SOON 20e6               /* ns */
#define LOOKS_FIRST 20          /* before it is known how fast use grows */
#define DELAY 100e6             /* ns that a ready thread may wait, and a request to the disk: a person does not notice yet */

struct capr_limit capr__limits[CAPR_LIMITS] = {
    [CAPR_LIMIT_MEMORY] = {"memory", .use = CAPR_USE_HEAP, .least = 256, .high = 0.90, .low = 0.80, .counted = 1},
    [CAPR_LIMIT_STACK] = {"stack", .use = CAPR_USE_THREADS, .least = 0.05, .high = 0.95, .low = 0.85},
    [CAPR_LIMIT_FILES] = {"descriptors", .use = CAPR_USE_FILES, .least = 0.05, .high = 0.98, .low = 0.95, .calm = CALM, .counted = 1, .to_the_end = 1},
    [CAPR_LIMIT_CPU] = {"cpu", .limit = DELAY, .use = CAPR_USE_FILES, .least = 0.25, .high = 1, .low = 0.5},
    [CAPR_LIMIT_DISK] = {"disk", .limit = DELAY, .use = CAPR_USE_FILES, .least = 0.25, .high = 1, .low = 0.5},
};

/* What the program counts (capr_progress), or else bytes of heap that it gives back, or else threads that end. */
static double work_done(void) {
    struct capr_counts all;
    capr__count_all(&all);
    return capr__progress()            ? (double)capr__progress()
           : capr__ways_released > 0 ? capr__ways_released
                                       : (double)(all.threads_created - all.threads);
}

/* Open descriptors. Since Linux 6.2 the directory's size says it; before, its entries have to be read, which takes the kernel 0.3 us for each:
 * so only once, and what is made and closed since is known. */
static double count_files(void) {
    static double read_once = -1;
    char entries[4096];
    struct stat st;
    if (syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/fd", &st, 0) == 0 && st.st_size > 0) return (double)st.st_size;
    if (read_once >= 0) return read_once + (double)capr__use_of_all(CAPR_USE_FILES);
    double count = -3; /* ., .., and the one that reads */
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
    if (fd < 0) return 0;
    while ((n = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0)
        for (long at = 0; at < n; at += *(unsigned short *)(entries + at + 16)) count++;
    syscall(SYS_close, fd);
    read_once = count - (double)capr__use_of_all(CAPR_USE_FILES);
    return count;
}

/* What changes slowly or costs more. */
static struct {
    uint64_t at;              /* ns: of the next look */
    double memory;            /* bytes that there are for this process */
    double files;             /* open descriptors but those that are in capr_use */
    int stall;
} seldom;

int capr__limits_known(void) { return seldom.at != 0; }

static void look_seldom(uint64_t now, double resident) {
    struct rlimit descriptors;
    seldom.memory = capr__memory_limit(resident); /* first: it finds the group */
    seldom.stall = capr__memory_stalls(seldom.at ? (double)(now + SELDOM - seldom.at) / 1e9 : 0);
    capr__limits[CAPR_LIMIT_MEMORY].most = seldom.memory;
    capr__limits[CAPR_LIMIT_STACK].limit = seldom.memory / 2;
    if (!getrlimit(RLIMIT_NOFILE, &descriptors))
        capr__limits[CAPR_LIMIT_FILES].most = capr__limits[CAPR_LIMIT_FILES].limit = (double)descriptors.rlim_cur;
    seldom.files = count_files() - (double)capr__use_of_all(CAPR_USE_FILES);
    seldom.at = now + SELDOM;
}

/* Bytes that the program has taken, of those that are resident: without what the allocator keeps of those that it has given back. Which
 * glibc's knows; by another allocator all that is resident. */
static double taken(const struct capr_worker *w, double resident) {
    struct mallinfo2 heap = CAPR_OUTSIDE(mallinfo2()); /* a handler may have interrupted who holds its lock, and wait for the monitor */
    double chunks = (double)w->chunk_bytes, mapped = (double)heap.arena + (double)heap.hblkhd + chunks;
    double bytes = (double)heap.uordblks + (double)heap.hblkhd + chunks + (resident > mapped ? resident - mapped : 0);
    return bytes < resident ? bytes : resident;
}

/* What counts as used: what is taken; near the limit, where the kernel looks at what is resident, that. There the allocator is asked to
 * give back what it keeps, which costs a fault for each page that is taken again: seldom, where that has not helped. */
static double in_use(const struct capr_worker *w, uint64_t now, double resident) {
    static uint64_t trim_at;
    double bytes = taken(w, resident);
    if (resident < NEAR * seldom.memory) return bytes;
    if (now >= trim_at && resident - bytes > KEPT * seldom.memory) {
        (void)CAPR_OUTSIDE(malloc_trim(0));
        double after = capr__memory_resident();
        trim_at = now + (resident - after < KEPT / 2 * seldom.memory ? 5 * SELDOM : SELDOM / 2);
        resident = after;
    }
    return resident;
}

/* Since the last look; where nobody waited it is taken for half of what it was. */
static void mean_delay(struct capr_limit *l, double ns, double count) { l->used = count > 0 ? ns / count : l->used / 2; }

/* What is counted is judged by what it will be at the look after the next: until this one everybody takes, and in the time between two
 * looks a program may take a tenth of its memory. */
static void judge(struct capr_limit *l, uint64_t now) {
    double ahead = l->counted && l->grew > 0 ? 2 * l->grew : 0;
    if (l->used >= l->low * l->limit) l->ample_since = now;
    if (l->used + ahead > l->high * l->limit)
        l->scarce = 1;
    else if (now - l->ample_since > l->calm)
        l->scarce = 0;
}

/* A limit will be reached within a few looks, by how fast its use grows. */
static int grows_fast(uint64_t ns) {
    for (int i = 0; i < CAPR_LIMIT_NAMED; i++) {
        const struct capr_limit *l = &capr__limits[i];
        if (l->counted && l->limit > 0 && l->grew > 0 && l->used + l->grew * SOON / (double)ns > l->high * l->limit) return 1;
    }
    return 0;
}

int capr__limits_near;

int capr__limits_look(struct capr_worker *w, uint64_t now) {
    static uint64_t before_ns;
    static int looks;
    double delay_cycles, delays;
    struct capr_limit *memory = &capr__limits[CAPR_LIMIT_MEMORY];
    double resident = capr__memory_resident(), before = memory->used, files = capr__limits[CAPR_LIMIT_FILES].used;
    if (now >= seldom.at) look_seldom(now, resident);
    memory->used = memory->scarce || resident > memory->low * memory->limit ? in_use(w, now, resident) : resident;
    memory->limit = capr__knee(&(struct capr_knee_look){now, work_done(), memory->used, seldom.memory, memory->scarce, seldom.stall});
    memory->calm = capr__knee_lowered() ? CALM : 0;
    memory->grew = memory->used - before;
    capr__limits[CAPR_LIMIT_STACK].used = (double)capr__chunk_bytes_about(w, now);
    capr__limits[CAPR_LIMIT_FILES].used = seldom.files + (double)capr__use_of_all(CAPR_USE_FILES);
    capr__limits[CAPR_LIMIT_FILES].grew = capr__limits[CAPR_LIMIT_FILES].used - files;
    capr__delays_of_all(&delay_cycles, &delays);
    mean_delay(&capr__limits[CAPR_LIMIT_CPU], delay_cycles * capr__graph.ns_per_cycle, delays);
    mean_delay(&capr__limits[CAPR_LIMIT_DISK], (double)capr__process.disk_ns, capr__process.disk_requests);
    capr__process.disk_ns = capr__process.disk_requests = 0;
    for (int i = 0; i < CAPR_NAMED; i++) capr__limits[CAPR_LIMIT_NAMED + i].used = (double)capr__use_of_all(CAPR_USE_NAMED + i);
    int any = 0;
    for (int i = 0; i < CAPR_LIMITS; i++)
        if (capr__limits[i].limit > 0) {
            judge(&capr__limits[i], now);
            any |= capr__limits[i].scarce;
        }
    /* Stalls of a machine that others have filled are not ours to cure. */
    if (seldom.stall && resident > 0.1 * memory->limit) any = memory->scarce = 1;
    if (looks < LOOKS_FIRST) looks++;
    capr__limits_near = !any && (looks < LOOKS_FIRST || grows_fast(now - before_ns));
    before_ns = now;
    return any;
}
