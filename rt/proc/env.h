/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every CAPRICCIO_* variable, read and checked once at start by env.c and nowhere else. Read only afterwards.
 */
#ifndef CAPR_ENV_H
#define CAPR_ENV_H

#include "../layout.h"

enum capr_stack_mode {
    CAPR_STACK_NORMAL,
    CAPR_STACK_GUARD,  /* each chunk exactly as large as promised, ending at a guard page */
    CAPR_STACK_ALWAYS, /* every checkpoint links */
};

enum capr_deadlock { CAPR_DEADLOCK_REPORT, CAPR_DEADLOCK_ABORT, CAPR_DEADLOCK_OFF };

enum capr_disk {
    CAPR_DISK_AIO,       /* O_DIRECT by the kernel's own requests, the rest on the pool */
    CAPR_DISK_POOL,      /* all that may wait for a disk on the pool */
    CAPR_DISK_IMMEDIATE, /* in place: the worker waits */
};

enum capr_net { CAPR_NET_EPOLL, CAPR_NET_POLL };

struct capr_env {
    uint64_t big_stack;      /* CAPRICCIO_BIG_STACK: bytes of a big stack, without its guard */
    uint64_t stack_max;      /* CAPRICCIO_STACK_MAX: bytes of linked chunks that one thread may have */
    uint32_t min_chunk;      /* CAPRICCIO_MIN_CHUNK: bytes of the smallest chunk that a checkpoint links */
    uint32_t map_count_max;  /* not a variable: the kernel's vm.max_map_count */
    uint32_t pool_min, pool_max; /* CAPRICCIO_POOL: kernel threads of the pool that stay once made, and that there may be */
    uint8_t disk;            /* CAPRICCIO_DISK: enum capr_disk */
    uint8_t net;             /* CAPRICCIO_NET: enum capr_net */
    uint8_t stack_mode;      /* CAPRICCIO_STACK: enum capr_stack_mode */
    uint8_t stats;           /* CAPRICCIO_STATS: print counters at exit */
    uint8_t deadlock;        /* CAPRICCIO_DEADLOCK: enum capr_deadlock */
    uint8_t sched_random;    /* CAPRICCIO_SCHED=random:SEED: threads run in an order that the seed says */
    uint8_t graph_off;       /* CAPRICCIO_GRAPH=off: no blocking graph */
    uint8_t graph_check;     /* CAPRICCIO_GRAPH_CHECK: compare chains with the stack at each block */
    uint8_t dump_signal;     /* CAPRICCIO_DUMP_SIGNAL: the signal that has the graph written, 0: none */
    uint8_t top;             /* CAPRICCIO_TOP: whether there is a window (graph/window.h) */
    const char *top_directory; /* CAPRICCIO_TOP=DIRECTORY: where its socket is, NULL: the default */
    const char *runtime_directory; /* not one of ours: XDG_RUNTIME_DIR, or NULL */
    const char *graph_file;  /* CAPRICCIO_GRAPH=FILE: where it is written, NULL: nowhere unless asked for. Absolute where it can be */
    const char *profile_file; /* CAPRICCIO_PROFILE: where the profile of the stacks goes, with %p for the process; NULL: none. As graph_file */
    int pid;                 /* not a variable: of the process that read these; its forked children have others */
    uint32_t workers;        /* CAPRICCIO_WORKERS: kernel threads that run user-level threads, at most; 0: auto */
    uint64_t slice;          /* CAPRICCIO_SLICE: ns that a thread may run while others are ready; 0: as long as it likes */
    uint64_t sched_seed;
    uint64_t memory;         /* CAPRICCIO_MEMORY: bytes that the process is to stay below; 0: as much as there is */
};

extern CAPR_HIDDEN struct capr_env capr__env;

/* Fills capr__env from the environment's strings. A bad value and an unknown CAPRICCIO_* name are each told in one line on
 * standard error, and the default is used. Never blocks. */
CAPR_HIDDEN void capr__env_read(char **envp);

#endif
