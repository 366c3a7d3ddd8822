/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The records that the runtime's assembly and its C share: thread, worker, chunk, big stack. C sees structs, assembly sees the
 * offsets, and static assertions below hold the two together. Everything that the switch touches lies in one cache line of each.
 *
 * A first chunk, drawn with high addresses on top; a linked chunk is the same without the thread record. (Where the program
 * supplied the stack, the frames are there, and the first chunk has a header for it below the record instead.)
 *
 *     top    +---------------------------+
 *            | struct capr_chunk         |  header: where this chunk came from, what to restore when it goes
 *            +---------------------------+
 *            | struct capr_thread        |  first chunk only
 *            +---------------------------+
 *            | frames, growing downwards |
 *            |            v              |
 *     limit  +---------------------------+  %fs:0x70 while rsp is in this chunk
 *            | CAPR_RESERVE bytes        |  the slow path's assembly pushes here
 *     base   +---------------------------+
 */
#ifndef CAPR_LAYOUT_H
#define CAPR_LAYOUT_H

/* Bytes below each limit. __capr_link pushes rbp, __capr_borrow rbp and rbx (16) below the return address, which the caller's own
 * need already counts; 32 leaves room for a probe or a debugger's word and keeps the limit 16-aligned. */
#define CAPR_RESERVE 32

/* glibc keeps this slot of the thread control block for split stacks; 0 in every new kernel thread. */
#define CAPR_FS_LIMIT 0x70

/* Offsets, checked against the structs below. */
#define CAPR_W_BIG_SP 0
#define CAPR_W_BIG_LIMIT 8
#define CAPR_W_BIG_TOP 16
#define CAPR_W_SERVICE_SP 24
#define CAPR_W_SELF 32
#define CAPR_W_ERRNO 40
#define CAPR_W_LINK_FREE 64
#define CAPR_W_LINK_NEED 72
#define CAPR_W_LINKS 80
#define CAPR_W_CONTEXT 120
#define CAPR_W_ARMED 144
#define CAPR_W_SPIN_LEFT 152
#define CAPR_W_KERNEL_THREAD 156

#define CAPR_C_PREV 0
#define CAPR_C_SAVED_LIMIT 8
#define CAPR_C_BASE 24
#define CAPR_C_FLAGS 38

/* Service stack: link and unlink need under 1 KiB; messages about running out of memory need libc's vsnprintf. */
#define CAPR_SERVICE_STACK (64u << 10)

/* Stands for "whatever big_top the worker has then" where a big_sp is saved: no address is odd. */
#define CAPR_BIG_NOT_HELD 1

/* A flag of a chunk: link.S may unlink it without calling C, since there is nothing but the limit and the list to restore. */
#define CAPR_CHUNK_QUICK 1
/* Another: it is a thread's first, and the thread has not been joined. What else lies under a handle of the past is somebody's frames. */
#define CAPR_CHUNK_RECORD 2
/* A third: pages that trap lie between the copied arguments and the header (link.c). */
#define CAPR_CHUNK_FENCED 4

#define CAPR_T_SP 0
#define CAPR_T_LIMIT 8
#define CAPR_T_BIG 16
#define CAPR_T_RUNNING 37
#define CAPR_T_ERRNO 32
#define CAPR_T_CHUNK 40
#define CAPR_T_CONTEXT 48
#define CAPR_T_EXTRA 176
#define CAPR_T_TLS 184

#define CAPR_T_SIGMASK 200

#define CAPR_X_RESUME 0
#define CAPR_X_HANDLERS 8

/* The signal that ticks come by (proc/notify.h): glibc keeps it from programs. */
#define CAPR_TURN_SIGNAL 32

/* A signal frame with more bytes is not copied, and its thread not made to give way: AMX has 11 KiB (sched/preempt.h). */
#define CAPR_PREEMPT_FRAME_MOST 16384

#define CAPR_M_START 0
#define CAPR_M_END 8
#define CAPR_M_NEXT 16

/* What a shared object and the program that loads it agree on. Raised whenever registers at a stub, the meaning of the limit or
 * struct capr_module change. */
#define CAPR_MODULE_VERSION 5

/* Where a shared object's calls add to and subtract from while no program of ours has said where its threads' words are, as in one that capcc
 * did not link: glibc's thread control block has 512 bytes there that nobody uses, kept since others rely on its size. */
#define CAPR_FS_UNUSED 0x80

/* Context words (passes/ContextGraph.h). A call through a pointer multiplies the word by _MIX and adds its number times _SPREAD, both mod 2^64.
 * _MIX is a multiplier with good figures in the spectral test (Steele and Vigna, "Computationally easy, spectrally good multipliers", 2021), which
 * here say how far apart two words stay (docs/blocking-graph.md); _SPREAD is 2^64 over the golden ratio. What the highest byte of a marked
 * word is, any that few others have; and callees in the table of calls that are no function of the table. */
#define CAPR_CONTEXT_MIX 0xd1342543de82ef95
#define CAPR_CONTEXT_SPREAD 0x9e3779b97f4a7c15
#define CAPR_CONTEXT_MARK 0xa5
#define CAPR_CONTEXT_MARK_SHIFT 56
#define CAPR_CONTEXT_OUTSIDE 0xffffffff
#define CAPR_CONTEXT_SINK 0xfffffffe

/* Bytes of stack arguments, of a link by a variadic function's entry stub, which cannot know how many there are. */
#define CAPR_ARGS_UNKNOWN 0xffffffff

#ifndef __ASSEMBLER__

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "include/capriccio.h"
#include "seen.h"

#define CAPR_HIDDEN __attribute__((visibility("hidden")))
#define CAPR_EXPORT __attribute__((visibility("default")))
/* An interposed libc function: weak, so that a program that defines its own still links. The annotation is for the pass's reports. */
#define CAPR_INTERPOSE __attribute__((visibility("default"), weak, annotate("capr.runtime")))

#if __has_feature(thread_sanitizer)
#define CAPR_THREAD_SANITIZER 1
#endif

struct capr_thread;
struct capr_worker;

/* A stack as large as a native thread's, on which code that capcc did not compile runs. A worker has one; a thread that is
 * switched away while it has frames on it keeps it, and the worker takes another from the pool. */
struct capr_bigstack {
    uint64_t top;               /* address, 16-aligned: where the first borrow starts */
    uint64_t limit;             /* address: %fs:0x70 while rsp is here; external code has at least CAPR_BIG_ROOM below it */
    uint64_t base;              /* lowest mapped address; a guard lies below. Owner: bigstack.c */
    struct capr_bigstack *next; /* pool link */
};

/* Header of a chunk, at its top. */
struct capr_chunk {
    struct capr_chunk *prev;  /* the chunk (or NULL: first chunk of the thread) that rsp was on before */
    uint64_t saved_limit;     /* bytes' address: %fs:0x70 to restore when this chunk goes */
    uint64_t saved_big_sp;    /* worker.big_sp to restore; CAPR_BIG_NOT_HELD when the thread held no big stack */
    uint64_t base;            /* lowest address of the chunk's memory */
    uint32_t size;            /* bytes from base to the end of this header */
    uint16_t size_class;      /* index of the free list; CAPR_CLASS_MMAP: a mapping of its own */
    uint16_t flags;           /* CAPR_CHUNK_* */
    struct capr_bigstack *saved_big; /* the big stack to return to, where a link had to take a fresh one; else NULL */
};

#define CAPR_CLASS_MMAP 0xffff
/* A chunk of guard mode, or one too many for a guard page: it has words of a pattern under base instead. */
#define CAPR_CLASS_GUARD 0xfffe
#define CAPR_CLASS_CANARY 0xfffd
/* Memory that the program supplied for a thread (pthread_attr_setstack). Its header lies with the thread's record, in what is then
 * the thread's first chunk, and `prev` leads there. */
#define CAPR_CLASS_SUPPLIED 0xfffc

/* Doubly linked queue of threads that wait for one thing. A thread waits in at most one such queue. */
struct capr_queue {
    struct capr_thread *head, *tail;
};

enum capr_state {
    CAPR_READY = 1, /* on a worker now (worker.self), or in a run queue */
    CAPR_PARKED,    /* waits for capr__ready */
    CAPR_DONE,      /* ended, waits to be joined */
};

struct capr_key_value;      /* thread/key.c */
struct capr_cleanup;        /* thread/cancel.c: list of cleanup buffers */
struct capr_leaving;        /* sched/leaving.h */

/* The record of one user-level thread; pthread_t is its address. At the top of the first chunk, except the main thread's and
 * each worker's idle thread's, which are static. */
struct capr_thread {
    /* All that a switch touches, in one cache line. */
    uint64_t sp;               /* rsp while not running */
    uint64_t limit;            /* %fs:0x70 while not running */
    struct capr_bigstack *big; /* the big stack that this thread keeps while not running, or NULL */
    struct capr_thread *next;  /* run queue, or wait queue */
    int err;                   /* errno while not running */
    uint8_t state;             /* enum capr_state */
    uint8_t running;           /* on a worker, or on its way off: its sp is not yet what it will be resumed by. Cleared by switch.S */
    uint8_t detached : 1, needed : 1, kept : 1, sent : 1, midway : 1, timed_out : 1, ending : 1, granted : 1; /* needed: others wait for a mutex that it holds; kept: in
                                  its node's queue (sched/node_queues.h); sent: let go from there, to the one worker
                                  where it may run; midway: it has given way in the middle of its code
                                  (sched/preempt.h); timed_out: the last timed park ended by its deadline; ending: it takes no
                                  more signals (thread/exit.c); granted: it has what it waited for, and has not gone on yet (sync/granted.h) */
    uint8_t cancel_bits;       /* thread/cancel.c */
    struct capr_chunk *chunk;  /* the chunk that rsp is on below all borrows (newest link); NULL: none (main, idle) */
    uint64_t context;          /* worker.context while not running: graph/graph.h */
    uint32_t node;             /* of the blocking graph: where the thread blocked last; 0: nowhere yet */
    uint32_t stamp;            /* while its wait is sampled: units of 4096 cycles, and two bits for how far it is; else 0 */

    uint64_t big_sp;           /* worker.big_sp while not running; meaningful only if `big` is set */
    struct capr_thread *prev;  /* wait queue */

    /* Waiting. */
    struct capr_queue *queue;  /* the wait queue that it is in, or NULL: a deadline that passes takes it out of there */
    int32_t timer;             /* index in the worker's timer heap, -1: none */
    uint32_t id;               /* small number for messages */
    uint64_t deadline;         /* ns of CLOCK_MONOTONIC, while in the heap */
    void *wait_data;           /* whatever the waiting code and its waker agree on (a fd's wait record, a cond's mutex) */

    /* Life. */
    void *(*start)(void *);
    struct capr_leaving *leaving; /* waits that are to be left in order: sched/leaving.h */
    void *result;              /* PTHREAD_CANCELED after cancellation */
    struct capr_thread *joiner;/* the thread that waits in pthread_join, or NULL */
    struct capr_thread *all_next, *all_prev; /* every live thread of the worker's process: fork, deadlock report, dump */

    /* What threads own; each NULL until used. */
    struct capr_key_value *keys;
    struct capr_cleanup *cleanup;
    void *extra;               /* struct capr_extra: rarely used things (name, robust mutexes), allocated on first use */
    void *tls;                 /* block of the program's thread-local variables: thread/tls.c, emitted code */
    uint32_t stack_asked;      /* units of 16 bytes: the stack size asked for at creation, for pthread_getattr_np; 0: default */
    uint16_t read_locks;       /* rwlocks held for reading, UINT16_MAX: or more; such a thread may pass waiting writers (sync/rwlock.c) */
    uint8_t worker;            /* the number of the worker that it ran on last; */
    uint8_t stays : 1, fd_waiter : 1, spared : 4, spared_files : 1; /* stays: it is to go on there: it has frames of external code, or is
                                  midway; fd_waiter: it is counted in fd_waiters (sched/sched.h); spared: from so many more nodes it goes
                                  on, held or not, for want of descriptors or else of memory */
    uint64_t sigmask;          /* blocked signals, the kernel's 64 bits: proc/sigmask.c */
#ifdef CAPR_THREAD_SANITIZER
    void *fibre, *unused[7];   /* what ThreadSanitizer knows it by: sched/fibres.h */
#endif
} __attribute__((aligned(16))); /* the stack begins right below it, and mutexes keep bits in its address */

/* Resources that a program can declare (capr_resource_create). */
#define CAPR_NAMED 4

/* Descriptors by what they are for: sockets, pipes, files (devices and directories too), others (eventfd, epoll, timerfd, inotify, ...). */
enum { CAPR_KIND_SOCKET, CAPR_KIND_PIPE, CAPR_KIND_FILE, CAPR_KIND_OTHER, CAPR_KINDS };

/* Chunk size classes: their bytes are in stack/chunk.c. */
#define CAPR_CLASSES 14

/* One kernel thread that runs user-level threads. The worker is its own thread-local variable: `capr__worker`. */
struct capr_worker {
    /* First cache line: what the assembly touches. */
    uint64_t big_sp;     /* where the next borrow starts: 0 while rsp is on a big stack already; big_top when no thread holds it */
    uint64_t big_limit;  /* big->limit */
    uint64_t big_top;    /* big->top */
    uint64_t service_sp; /* top of the service stack, where link and unlink run; never nested, never blocks */
    struct capr_thread *self;
    int *err;            /* address of this kernel thread's errno */
    struct capr_bigstack *big;
    struct capr_thread *idle; /* runs plain code: polls, fires timers */

    /* Second cache line: links, then the run queue. */
    struct capr_chunk *link_free; /* LIFO of the class that links use when less than MinChunk is asked for */
    uint64_t link_need;           /* bytes: a link that needs fewer may take link_free's; 0: always call C (test modes) */
    uint64_t links;               /* counter */
    struct capr_thread *run_head, *run_tail; /* FIFO of ready threads; run_tail means nothing while run_head is NULL */
    uint64_t poll_at;                        /* count.switches at which the idle thread polls although others are ready; 0: at once */
    uint32_t in_signal;                      /* > 0 inside a signal handler: nothing may switch */
    uint32_t fast;                           /* 1: fast paths of locks may be taken. 0: no worker, or the thread's turn has been long */
    uint64_t context;                        /* by which calls the running thread came where it is: graph/graph.h */

    struct capr_edge *edges;                 /* what capr__graph_note looks into; NULL: the graph is off */
    uint64_t edge_mask;
    uint32_t armed;                          /* the way that goes on now is being timed: graph/edges.c */
    uint32_t policy;                         /* 1: something else than a FIFO decides who runs: sched/policy.h */
    int32_t spin_left;                       /* rounds that loops which wait may go before they give way (sched/spin_turn.c, emitted code) */
    int32_t kernel_thread;                   /* its number, once ticks come (proc/turn.c) */
    struct capr_use {                        /* what threads have taken less what they have given back */
        int64_t heap;                        /* bytes, while `armed` only */
        int64_t files, threads;
        int64_t named[CAPR_NAMED];           /* resources that the program declares: sched/declared.c */
        int64_t kinds[CAPR_KINDS];           /* `files`, by CAPR_KIND_* */
    } use;                                   /* on this worker: who wants to know what is held adds up all workers' (graph/workers.h) */
    struct capr_worker_graph *graph;         /* the worker's part of the blocking graph */

    struct capr_chunk *free_chunks[CAPR_CLASSES]; /* LIFO, linked through prev */
    uint64_t arena_next, arena_end;               /* fresh chunk memory */
    uint64_t chunk_bytes;                         /* of chunks that exist, in use or free */
    uint64_t chunk_check;                         /* when chunk_bytes gets here, look for a thread that recurses for ever */
    struct capr_bigstack *big_pool;               /* big stacks that nobody holds, */
    uint32_t big_pooled;                          /* so many */
    struct capr_bigstack *big_to_unmap;           /* perhaps still run on, until the switch after the one that gave them back */
    struct capr_chunk *to_bury;                   /* the same of chunks that are not in a class of this worker's: stack/chunk.c */

    struct capr_thread *late_head, *late_tail;    /* ready threads whose turn was too long: behind the run queue (sched/preempt.h) */
    uint32_t late_due, late_ran;                  /* one of them is next; one has run since the last tick */
    uint32_t poll_every;                          /* turns until the next look of a busy worker: sched/idle.c */
    uint64_t fire_at;                             /* count.switches from which threads may go ahead of the run queue again */
    uint64_t looked_at, looked_switches;          /* ns of CLOCK_MONOTONIC and count.switches at the last look; 0 if it was idle then */
    uint64_t lone_at;                             /* cycles: when a thread last yielded with nobody else ready (sched.c) */
    uint64_t look_at, choose_at;                  /* count.switches at which it looks again, and asks the policy again */

    /* With several workers: sched/monitor.h, sched/workers.h. */
    uint32_t inside;                              /* calls of the runtime's, one in the other, that the worker is in; the monitor is its own meanwhile */
    uint32_t number;                              /* 0: the one that main began on, which takes the process's signals */
    uint32_t run_lock;                            /* of the run queue */
    uint32_t run_count;                           /* threads in the run queue, while there are several workers */
    uint64_t pick_at;                             /* as poll_at, which is 0 then so that every switch comes to where several workers are thought of */
    volatile uint32_t signals_handled;            /* handlers that have run on it (proc/signals.h) */
    uint32_t overdue;                             /* the running thread has had its turn for too long (proc/turn.c); `fast` is 0 throughout */
    uint32_t state;                               /* enum capr_worker_state; a futex */
    void *locale;                                 /* a locale_t, its kernel thread's own; NULL: LC_GLOBAL_LOCALE (thread/own_locale.c) */
    uint32_t kept_inside;                         /* in a signal handler that came while it was inside: > 0, and it is not left before the handler ends */
    uint32_t interrupted;                         /* another worker has sent it the signal of turns, and it has not looked yet */
    uint64_t balanced;                            /* what had moved among workers when this one last looked (stack/balance.c) */
    uint64_t tick_switches;                       /* count.switches at the last tick (proc/turn.c) */
    int32_t tick_timer;                           /* the kernel's number of the timer that sends them */
    int32_t alarm;                                /* the number, plus 1, of the timer that ends its sleep (sched/rest.c); 0: it has none */
    volatile uint32_t spin_locks;                 /* that it holds or waits for (sched/monitor.h): no handler of the program's runs meanwhile */
    struct capr_thread *volatile busy;            /* that last began to give way: while it is `self`, another may be off its queue for it, and no
                                                     handler of the program's runs */
    uint32_t lends;                               /* how often it lent the monitor, in the bits that the word has for it (sched/monitor.c) */

    struct capr_counters {                        /* CAPRICCIO_STATS=1 prints their sums at exit */
        uint64_t switches, blocks, epoll_wait, epoll_ctl, threads_created, big_kept, io_submit, pool_jobs, preempted, stolen, unparked;
    } count;
};

/* What all workers share. With several of them it is read and written inside the monitor (sched/monitor.h). */
struct capr_process {
    struct capr_thread *all;                      /* every live thread, newest first */
    struct capr_thread *signal_ready;             /* made ready by signal handlers: the idle thread moves them to the run queue */
    uint32_t last_id;                             /* of the newest thread */

    struct capr_timer_entry *timers;              /* 4-ary heap: sched/timer.c */
    uint32_t timer_count, timer_capacity;

    int epoll_fd;                                 /* -1 until the first descriptor waits */
    int wake_fd;                                  /* eventfd, -1 until the pool or a disk request needs it (io/source.h) */
    uint32_t fd_waiters;                          /* threads parked on descriptors, and what else the poll loop is to collect though others run */
    uint32_t disk_requests;                       /* that ended since the scheduler last looked, */
    uint64_t disk_ns;                             /* and how long they took, from being asked for */
    uint32_t live_threads;                        /* threads that have not ended, main included */
    uint32_t masked_threads;                      /* those of them that block a signal: proc/sigmask.c */
    uint64_t live_threads_peak;
};

extern CAPR_HIDDEN struct capr_process capr__process;
extern CAPR_HIDDEN _Thread_local struct capr_worker capr__worker __attribute__((tls_model("local-exec")));
#ifdef CAPR_THREAD_SANITIZER
/* In place of what the pass does (passes/WorkerAddresses.cpp): each use asks anew. */
CAPR_HIDDEN struct capr_worker *capr__worker_here(void);
#define capr__worker (*capr__worker_here())
#endif

static_assert(offsetof(struct capr_worker, big_sp) == CAPR_W_BIG_SP, "borrow.S");
static_assert(offsetof(struct capr_worker, big_limit) == CAPR_W_BIG_LIMIT, "borrow.S");
static_assert(offsetof(struct capr_worker, big_top) == CAPR_W_BIG_TOP, "switch.S");
static_assert(offsetof(struct capr_worker, service_sp) == CAPR_W_SERVICE_SP, "link.S");
static_assert(offsetof(struct capr_worker, self) == CAPR_W_SELF, "switch.S");
static_assert(offsetof(struct capr_worker, err) == CAPR_W_ERRNO, "switch.S");
static_assert(offsetof(struct capr_worker, link_free) == CAPR_W_LINK_FREE, "link.S");
static_assert(offsetof(struct capr_worker, link_need) == CAPR_W_LINK_NEED, "link.S");
static_assert(offsetof(struct capr_worker, links) == CAPR_W_LINKS, "link.S");
static_assert(offsetof(struct capr_chunk, prev) == CAPR_C_PREV, "link.S");
static_assert(offsetof(struct capr_chunk, saved_limit) == CAPR_C_SAVED_LIMIT, "link.S");
static_assert(offsetof(struct capr_chunk, base) == CAPR_C_BASE, "link.S");
static_assert(offsetof(struct capr_chunk, flags) == CAPR_C_FLAGS, "link.S");
static_assert(offsetof(struct capr_worker, spin_left) == CAPR_W_SPIN_LEFT, "the pass counts it down");
static_assert(offsetof(struct capr_worker, kernel_thread) == CAPR_W_KERNEL_THREAD, "borrow.S");
static_assert(offsetof(struct capr_thread, sp) == CAPR_T_SP, "switch.S");
static_assert(offsetof(struct capr_thread, limit) == CAPR_T_LIMIT, "switch.S");
/* Tops of chunks are 64-aligned, but in guard mode. */
static_assert((sizeof(struct capr_chunk) + sizeof(struct capr_thread)) % 64 == 0, "the record's first line");
static_assert(offsetof(struct capr_worker, context) == CAPR_W_CONTEXT, "emitted code");
static_assert(offsetof(struct capr_worker, armed) == CAPR_W_ARMED, "emitted code");
static_assert(offsetof(struct capr_thread, context) == CAPR_T_CONTEXT, "switch.S");
static_assert(offsetof(struct capr_thread, big) == CAPR_T_BIG, "switch.S");
static_assert(offsetof(struct capr_thread, chunk) == CAPR_T_CHUNK, "switch.S");
static_assert(offsetof(struct capr_thread, running) == CAPR_T_RUNNING, "switch.S");
static_assert(offsetof(struct capr_thread, err) == CAPR_T_ERRNO, "switch.S");
static_assert(offsetof(struct capr_thread, tls) == CAPR_T_TLS, "the pass reads it");
static_assert(offsetof(struct capr_thread, sigmask) == CAPR_T_SIGMASK, "setjmp.S");
static_assert(offsetof(struct capr_thread, extra) == CAPR_T_EXTRA, "sigentry.S");

static inline uint64_t capr__limit(void) {
    uint64_t limit;
    __asm__ volatile("movq %%fs:0x70, %0" : "=r"(limit));
    return limit;
}

static inline void capr__set_limit(uint64_t limit) {
    __asm__ volatile("movq %0, %%fs:0x70" : : "r"(limit) : "memory");
}

#endif /* !__ASSEMBLER__ */
#endif
