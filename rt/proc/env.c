/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The one reader of CAPRICCIO_* variables: a table of names, checked values into capr__env. A program must not fail because of a
 * setting of its runtime, and a setting must not be ignored in silence: hence a warning and the default.
 */
#include "env.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../sched/policy.h"
#include "../sched/workers.h"
#include "message.h"

/* Emitted by the pass: -fcapriccio-min-chunk. */
extern const uint32_t __capr_min_chunk __attribute__((weak, visibility("hidden")));

struct capr_env capr__env = {
    .big_stack = 8u << 20,          /* a native thread's default */
    .stack_max = 4ull << 30,        /* a million frames of the largest size that is common (4 KiB) */
    .min_chunk = 512,               /* docs/abi.md */
    .map_count_max = 65530,         /* the kernel's default */
    .slice = 10000000,
    .pool_max = 64,                 /* twice the requests that a disk of one queue sorts among at once */
};

static const char *const stack_modes[] = {"normal", "guard", "always", NULL};

static int read_choice(const char *value, const char *const *choices, uint8_t *out) {
    for (int i = 0; choices[i]; i++)
        if (!strcmp(value, choices[i])) {
            *out = (uint8_t)i;
            return 0;
        }
    return -1;
}

/* A number of bytes with an optional K, M or G. */
static int read_bytes(const char *value, uint64_t min, uint64_t max, uint64_t *out) {
    char *end;
    errno = 0;
    uint64_t n = strtoull(value, &end, 10);
    unsigned shift = 0;
    if (*end == 'K' || *end == 'k')
        shift = 10;
    else if (*end == 'M' || *end == 'm')
        shift = 20;
    else if (*end == 'G' || *end == 'g')
        shift = 30;
    if (shift) end++;
    if (end == value || *end || errno || value[0] == '-' || n > (UINT64_MAX >> shift)) return -1;
    n <<= shift;
    if (n < min || n > max) return -1;
    *out = n;
    return 0;
}

static int read_stack(const char *v) { return read_choice(v, stack_modes, &capr__env.stack_mode); }

static int read_stats(const char *v) {
    static const char *const zero_one[] = {"0", "1", NULL};
    return read_choice(v, zero_one, &capr__env.stats);
}

static int read_big_stack(const char *v) {
    int r = read_bytes(v, 2u << 20, 1u << 30, &capr__env.big_stack);
    capr__env.big_stack = (capr__env.big_stack + 0xffff) & ~0xffffull;
    return r;
}

static int read_stack_max(const char *v) { return read_bytes(v, 1u << 16, 1ull << 40, &capr__env.stack_max); }

static int read_memory(const char *v) { return read_bytes(v, 1u << 20, 1ull << 46, &capr__env.memory); }

static int read_min_chunk(const char *v) {
    uint64_t n;
    if (read_bytes(v, 256, 65536, &n)) return -1;
    capr__env.min_chunk = (uint32_t)n;
    return 0;
}

static int read_deadlock(const char *v) {
    static const char *const choices[] = {"report", "abort", "off", NULL};
    return read_choice(v, choices, &capr__env.deadlock);
}

static int read_sched(const char *v) {
    if (strncmp(v, "random", 6) && (capr__policy_set(v) || !strcmp(v, "fifo"))) return 0;
    char *end;
    errno = 0;
    if (strncmp(v, "random:", 7) || v[7] < '0' || v[7] > '9') return -1;
    capr__env.sched_seed = strtoull(v + 7, &end, 10);
    if (*end || errno) return -1;
    capr__policy_set("random");
    capr__worker.policy = 1;
    capr__env.sched_random = 1;
    return 0;
}

static int read_pool(const char *v) {
    char *end;
    if (v[0] < '0' || v[0] > '9') return -1;
    unsigned long min = strtoul(v, &end, 10), max = 0;
    if (*end != ':' || end[1] < '0' || end[1] > '9') return -1;
    max = strtoul(end + 1, &end, 10);
    if (*end || max < 1 || max > 4096 || min > max) return -1;
    capr__env.pool_min = (uint32_t)min;
    capr__env.pool_max = (uint32_t)max;
    return 0;
}

static int read_disk(const char *v) {
    static const char *const disks[] = {"aio", "pool", "immediate", NULL};
    return read_choice(v, disks, &capr__env.disk);
}

static int read_net(const char *v) {
    static const char *const nets[] = {"epoll", "poll", NULL};
    return read_choice(v, nets, &capr__env.net);
}

static int read_graph_check(const char *v) {
    static const char *const zero_one[] = {"0", "1", NULL};
    return read_choice(v, zero_one, &capr__env.graph_check);
}

/* 0: there is none. */
static int signal_named(const char *v) {
    for (int i = 1; i < 32; i++)
        if (sigabbrev_np(i) && !strcmp(v, sigabbrev_np(i))) return i;
    int base = !strncmp(v, "RTMIN", 5) ? SIGRTMIN : !strncmp(v, "RTMAX", 5) ? SIGRTMAX : 0;
    v += base ? 5 : 0;
    if (base && !*v) return base;
    if (base && *v++ != (base == SIGRTMIN ? '+' : '-')) return 0;
    char *end;
    unsigned long n = *v >= '0' && *v <= '9' ? strtoul(v, &end, 10) : SIGRTMAX + 1ul;
    if (n > (unsigned long)SIGRTMAX || *end) return 0;
    int number = base == SIGRTMAX ? base - (int)n : base + (int)n;
    return number > SIGRTMAX || (base && number < SIGRTMIN) ? 0 : number;
}

/* USR2, SIGUSR2, RTMIN+3, RTMAX-3 or a number. Not what a fault raises: the program would go on with the same fault, for ever; nor what libc
 * keeps for itself and what nobody can handle. */
static int read_dump_signal(const char *v) {
    static const uint8_t refused[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGKILL, SIGSTOP, 32, 33};
    int number = signal_named(!strncmp(v, "SIG", 3) ? v + 3 : v);
    if (number < 1 || memchr(refused, number, sizeof refused)) return -1;
    capr__env.dump_signal = (uint8_t)number;
    return 0;
}

/* A relative name is one in the directory that the program starts in, wherever it goes. */
static const char *absolute(const char *v, char *path, size_t size) {
    long n = *v == '/' ? -1 : syscall(SYS_getcwd, path, size); /* with its null */
    if (n <= 0 || *path != '/' || (size_t)n + strlen(v) >= size) return v;
    path[n - 1] = '/';
    strcpy(path + n, v);
    return path;
}

/* %p is the only thing that a percent sign may begin. */
static int is_name(const char *v) {
    for (const char *c = v; (c = strchr(c, '%')); c += 2)
        if (c[1] != 'p') return 0;
    return *v != 0;
}

static int read_graph(const char *v) {
    static char path[4096];
    if (!is_name(v)) return -1;
    capr__env.graph_off = !strcmp(v, "off");
    if (capr__env.graph_off || !strcmp(v, "on")) return 0;
    capr__env.graph_file = absolute(v, path, sizeof path);
    return 0;
}

static int read_profile(const char *v) {
    static char path[4096];
    if (!is_name(v)) return -1;
    capr__env.profile_file = absolute(v, path, sizeof path);
    return 0;
}

static int read_top(const char *v) {
    capr__env.top_directory = *v == '/' ? v : NULL;
    capr__env.top = capr__env.top_directory || !strcmp(v, "1");
    return capr__env.top || !strcmp(v, "0") ? 0 : -1;
}

/* Milliseconds, or with a unit. */
static int read_slice(const char *v) {
    char *end;
    errno = 0;
    uint64_t n = strtoull(v, &end, 10), unit = !*end || !strcmp(end, "ms") ? 1000000 : !strcmp(end, "us") ? 1000 : 0;
    if (end == v || *v < '0' || *v > '9' || errno || !unit || n > 10000000000 / unit || (n && n * unit < 20000)) return -1;
    capr__env.slice = n * unit;
    return 0;
}

static int read_workers(const char *v) {
    char *end;
    unsigned long n = strtoul(v, &end, 10);
    int automatic = !strcmp(v, "auto");
    if (!automatic && (*v < '0' || *v > '9' || *end || n < 1 || n > CAPR_WORKERS_MOST)) return -1;
    capr__env.workers = automatic ? 0 : (uint32_t)n;
    return 0;
}

static const struct setting {
    const char *name;
    int (*read)(const char *value);
    const char *expected;
} settings[] = {
    {"CAPRICCIO_BIG_STACK", read_big_stack, "2M to 1G"},
    {"CAPRICCIO_DEADLOCK", read_deadlock, "report, abort or off"},
    {"CAPRICCIO_DISK", read_disk, "aio, pool or immediate"},
    {"CAPRICCIO_DUMP_SIGNAL", read_dump_signal, "a signal's name or number, such as USR2 or RTMIN+3; not one that a fault raises, KILL or STOP"},
    {"CAPRICCIO_GRAPH", read_graph, "on, off or the name of a file, in which %p stands for the process's number"},
    {"CAPRICCIO_GRAPH_CHECK", read_graph_check, "0 or 1"},
    {"CAPRICCIO_MEMORY", read_memory, "1M to 65536G"},
    {"CAPRICCIO_MIN_CHUNK", read_min_chunk, "256 to 65536"},
    {"CAPRICCIO_NET", read_net, "epoll or poll"},
    {"CAPRICCIO_POOL", read_pool, "MIN:MAX kernel threads, 0:1 to 4096:4096"},
    {"CAPRICCIO_PROFILE", read_profile, "the name of a file, in which %p stands for the process's number"},
    {"CAPRICCIO_SCHED", read_sched, "rr (or fifo), graph, resource or random:SEED, a number"},
    {"CAPRICCIO_SLICE", read_slice, "milliseconds up to 10000, 0 for no limit, or microseconds from 20us"},
    {"CAPRICCIO_STACK", read_stack, "normal, guard or always"},
    {"CAPRICCIO_STACK_MAX", read_stack_max, "64K to 1024G"},
    {"CAPRICCIO_STATS", read_stats, "0 or 1"},
    {"CAPRICCIO_TOP", read_top, "0, 1 or a directory by its absolute path"},
    {"CAPRICCIO_WORKERS", read_workers, "auto, or a number from 1 to 64"},
};

/* Settings by which the runtime makes files. A program with other rights than its caller's (set-user-ID) would make them where the caller
 * may not. */
static int writes(const struct setting *s) {
    return s->read == read_graph || s->read == read_profile || s->read == read_dump_signal || s->read == read_top;
}

static void read_map_count(void) {
    char text[32];
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    long n = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    if (n <= 0) return;
    text[n] = 0;
    unsigned long count = strtoul(text, NULL, 10);
    if (count >= 1024 && count <= UINT32_MAX) capr__env.map_count_max = (uint32_t)count;
}

void capr__env_read(char **envp) {
    capr__policy_set("resource");
    capr__env.pid = getpid();
    if (&__capr_min_chunk && __capr_min_chunk >= 256) capr__env.min_chunk = __capr_min_chunk;
    int secure = getauxval(AT_SECURE) != 0;
    for (; envp && *envp; envp++) {
        const char *entry = *envp, *equals = strchr(entry, '=');
        if (!strncmp(entry, "XDG_RUNTIME_DIR=/", 17)) capr__env.runtime_directory = equals + 1;
        if (strncmp(entry, "CAPRICCIO_", 10) || !equals) continue;
        const struct setting *found = NULL;
        for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
            if (strlen(settings[i].name) == (size_t)(equals - entry) && !strncmp(settings[i].name, entry, (size_t)(equals - entry)))
                found = &settings[i];
        if (!found)
            capr__warn("%.*s: unknown setting, ignored; docs/settings.md lists them", (int)(equals - entry), entry);
        else if (secure && writes(found))
            capr__warn("%s: ignored, since the program has other rights than its caller and would make files", found->name);
        else if (found->read(equals + 1))
            capr__warn("%s=%s: bad value, ignored; expected %s", found->name, equals + 1, found->expected);
    }
    if (capr__env.stack_mode == CAPR_STACK_GUARD) read_map_count();
    if ((capr__env.graph_file || capr__env.profile_file) && !capr__env.dump_signal) capr__env.dump_signal = SIGUSR2;
}
