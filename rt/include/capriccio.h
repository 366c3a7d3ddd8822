/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a program may tell capcc about itself. No program has to include this file: everything here is a hint or a promise that
 * makes the result better, and every macro expands to nothing harmful under another compiler.
 */
#ifndef CAPRICCIO_H
#define CAPRICCIO_H

#define CAPR__STR2(n) #n
#define CAPR__STR(n) CAPR__STR2(n)

/* CAPR_STACK_BOUND(n): a promise that the declared function, which capcc does not compile (assembly, a library), needs at most
 * `n` bytes of stack below its return address, on every path, with everything that it calls. A call to it then runs in place on
 * the thread's small stack rather than on the worker's big stack. A promise that is wrong corrupts memory.
 *
 *     CAPR_STACK_BOUND(64) extern int fast_lookup(const char *key);
 */
/* CAPR_CHECKPOINT: each call of the defined function gets a checkpoint, so that its callers' stacks need no room for it. For what
 * is seldom called and deep, such as error paths of functions that thousands of threads are blocked in.
 *
 *     CAPR_CHECKPOINT static void report_and_close(struct conn *c) { ... }
 */
#if defined(__clang__)
#define CAPR_STACK_BOUND(n) __attribute__((annotate("capr.stack_bound=" CAPR__STR(n))))
#define CAPR_CHECKPOINT __attribute__((annotate("capr.checkpoint")))
#else
#define CAPR_STACK_BOUND(n)
#define CAPR_CHECKPOINT
#endif

/* What follows a program may call wherever it runs: where capcc has not linked it, the calls do nothing. None of them fails in a way that
 * the program has to look after, and none sets errno but capr_resource_create. In threads that capcc's runtime does not run (made by a library with clone) they do
 * nothing either. */
#ifdef __cplusplus
extern "C" {
#endif

/* Counters of the process. `size` is sizeof of what the caller knows. */
struct capr_stats {
    unsigned long size;
    unsigned long threads, threads_created; /* alive now, main included; since the start */
    unsigned long switches, blocks;         /* from thread to thread; waits among them */
    unsigned long stack_bytes;              /* of chunks in use */
    unsigned long nodes;                    /* of the blocking graph */
    unsigned long progress;                 /* sum of capr_progress */
    unsigned long scarce;                   /* resources that are scarce now, one bit each: memory, stack, descriptors, cpu, disk, then named ones */
};

__attribute__((weak)) void capr_runtime_progress(unsigned long units);
__attribute__((weak)) int capr_runtime_resource_create(const char *name, unsigned long limit);
__attribute__((weak)) void capr_runtime_resource_acquire(int resource, unsigned long units);
__attribute__((weak)) void capr_runtime_resource_release(int resource, unsigned long units);
__attribute__((weak)) void capr_runtime_yield(void);
__attribute__((weak)) void capr_runtime_section(int change);
__attribute__((weak)) int capr_runtime_stats(struct capr_stats *out);

/* The program has done `units` of what it is there for (requests, rows). By this the scheduler sees whether it gets on when resources are
 * scarce; without it, by the heap that threads give back, or by those that end. Never blocks. */
static inline void capr_progress(unsigned long units) {
    if (capr_runtime_progress) capr_runtime_progress(units);
}

/* Declares a resource of the program's own, of which there are `limit` units: at most 4 in a process. `name` is copied, 31 bytes of it.
 * Returns its number, or -1 and errno: EINVAL, name is NULL or empty or limit 0; EEXIST, there is one of that name, or the runtime has one
 * (memory, stack, descriptors, cpu, disk); ENOSPC, no more can be declared; and -1 alone where nobody is there to know it. -1 is accepted by
 * the calls below, which then do nothing. Never blocks. */
static inline int capr_resource_create(const char *name, unsigned long limit) {
    return capr_runtime_resource_create ? capr_runtime_resource_create(name, limit) : -1;
}

/* Takes `units`; waits, in order of arrival, until so many are left, or nobody holds any (so that a demand beyond the limit is met
 * alone). While a thread that waits runs a signal handler, others may go ahead of it; one that its handler takes out of the wait by
 * siglongjmp has not taken any. What each place in the program takes and gives back is learnt, and threads that are about to take are let in later when
 * units are scarce. Blocks. No cancellation point. Not in signal handlers. */
static inline void capr_resource_acquire(int resource, unsigned long units) {
    if (capr_runtime_resource_acquire) capr_runtime_resource_acquire(resource, units);
}

/* Gives back. More than is held counts as all. Never blocks. */
static inline void capr_resource_release(int resource, unsigned long units) {
    if (capr_runtime_resource_release) capr_runtime_resource_release(resource, units);
}

/* As sched_yield. May block. */
static inline void capr_yield(void) {
    if (capr_runtime_yield) capr_runtime_yield();
}

/* Between the two, which nest, the thread keeps its turn however long that gets, unless it calls what waits. A hint: for sections in which a
 * switch would make many others wait. Never block. */
static inline void capr_section_begin(void) {
    if (capr_runtime_section) capr_runtime_section(1);
}

static inline void capr_section_end(void) {
    if (capr_runtime_section) capr_runtime_section(-1);
}

/* Fills *out, whose `size` the caller has set, as far as that goes. Returns 0, or -1 where there is nothing to tell. Never blocks. */
static inline int capr_stats_read(struct capr_stats *out) {
    return capr_runtime_stats ? capr_runtime_stats(out) : -1;
}

#ifdef __cplusplus
}
#endif

#endif
