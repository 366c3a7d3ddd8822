/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the tests of process-shared locks share: objects made for two processes, the other process, and a thread whose ticks show that
 * a wait for it stops nobody else. For the tests with a native peer (CAPR_TEST_NATIVE names it), which is the same source built by plain
 * clang with NATIVE: the two share a memory file that is inherited over exec, and the peer is told its part as an argument.
 */
#ifndef SYNC_SHARED_H
#define SYNC_SHARED_H

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sync_check.h"

#ifdef NATIVE
#define IS_NATIVE 1
#else
#define IS_NATIVE 0
#endif

static inline void shared_mutex(pthread_mutex_t *m, int type, int robust, int protocol, int shared) {
    pthread_mutexattr_t a;
    CHECK_INT(pthread_mutexattr_init(&a), 0);
    CHECK_INT(pthread_mutexattr_setpshared(&a, shared), 0);
    CHECK_INT(pthread_mutexattr_settype(&a, type), 0);
    CHECK_INT(pthread_mutexattr_setrobust(&a, robust), 0);
    CHECK_INT(pthread_mutexattr_setprotocol(&a, protocol), 0);
    CHECK_INT(pthread_mutex_init(m, &a), 0);
}

/* Timed by CLOCK_MONOTONIC. */
static inline void shared_cond(pthread_cond_t *c) {
    pthread_condattr_t a;
    CHECK_INT(pthread_condattr_init(&a), 0);
    CHECK_INT(pthread_condattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_condattr_setclock(&a, CLOCK_MONOTONIC), 0);
    CHECK_INT(pthread_cond_init(c, &a), 0);
}

static inline void shared_rwlock(pthread_rwlock_t *l) {
    pthread_rwlockattr_t a;
    CHECK_INT(pthread_rwlockattr_init(&a), 0);
    CHECK_INT(pthread_rwlockattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_rwlock_init(l, &a), 0);
}

static inline void shared_barrier(pthread_barrier_t *b, unsigned count) {
    pthread_barrierattr_t a;
    CHECK_INT(pthread_barrierattr_init(&a), 0);
    CHECK_INT(pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_barrier_init(b, &a, count), 0);
}

/* An rwlock, and what it guards; and a spin lock and its. Each use writes once and looks once. */
struct guarded {
    pthread_rwlock_t l;
    volatile long one, two;
    pthread_spinlock_t s;
    long spins;
};

static inline void guarded_init(struct guarded *g) {
    shared_rwlock(&g->l);
    CHECK_INT(pthread_spin_init(&g->s, PTHREAD_PROCESS_SHARED), 0);
}

static inline void guarded_use(struct guarded *g, int give_way) {
    CHECK_INT(pthread_rwlock_wrlock(&g->l), 0);
    g->one++;
    if (give_way) sched_yield();
    g->two++;
    CHECK_INT(pthread_rwlock_unlock(&g->l), 0);
    CHECK_INT(pthread_rwlock_rdlock(&g->l), 0);
    long seen = g->one;
    if (give_way) sched_yield();
    CHECK_INT(g->two, seen);
    CHECK_INT(pthread_rwlock_unlock(&g->l), 0);
    CHECK_INT(pthread_spin_lock(&g->s), 0);
    g->spins++;
    CHECK_INT(pthread_spin_unlock(&g->s), 0);
}

/* The two sides by turns, by a condition. */
struct turns {
    pthread_mutex_t m;
    pthread_cond_t turned;
    volatile int turn;
};

static inline void turns_init(struct turns *t, int type) {
    shared_mutex(&t->m, type, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    shared_cond(&t->turned);
}

static inline void turns_take(struct turns *t, int side, int count) {
    for (int i = 0; i < count; i++) {
        CHECK_INT(pthread_mutex_lock(&t->m), 0);
        while (t->turn % 2 != side) CHECK_INT(pthread_cond_wait(&t->turned, &t->m), 0);
        t->turn++;
        CHECK_INT(pthread_cond_broadcast(&t->turned), 0);
        CHECK_INT(pthread_mutex_unlock(&t->m), 0);
    }
}

static volatile long ticks;

static inline void *tick(void *arg) {
    for (;;) {
        ticks++;
        usleep(200);
    }
    return arg;
}

/* Until the threads that do not wait have run. */
static inline void others_run(void) {
    long before = ticks;
    while (ticks < before + 5) usleep(100);
}

/* Waits for a child's end; returns its exit status. */
static inline int finish(pid_t child) {
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* --- with a native peer ------------------------------------------------------------------------------------------------------- */

static const char *native; /* the peer's program */
static int memory;         /* the file's descriptor */

/* Starts `program` (this one, or the peer) with a part to play. */
static inline pid_t start(const char *program, const char *part) {
    char number[16], seed[32];
    snprintf(number, sizeof number, "%d", memory);
    snprintf(seed, sizeof seed, "%lu", check_seed);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        execl(program, program, seed, part, number, (char *)NULL);
        _exit(98);
    }
    return child;
}

/* The objects in it are made by `init`, here or in the peer, whose part "init" it is. */
static inline void fill(int by_native, void (*init)(void)) {
    if (by_native)
        CHECK_INT(finish(start(native, "init")), 0);
    else
        init();
}

/* The memory shared by both. Sets *part to the peer's, or to NULL in the test itself. NULL: there is no peer to test with. */
static inline void *shared_memory(int argc, char **argv, size_t size, const char **part) {
    check_start(argc, argv, 100);
    *part = argc == 4 ? argv[2] : NULL;
    native = getenv("CAPR_TEST_NATIVE");
    if (!*part && (IS_NATIVE || !native)) return NULL;
    memory = *part ? atoi(argv[3]) : memfd_create("sync_native", 0);
    CHECK(memory >= 0);
    if (!*part) {
        CHECK_INT(ftruncate(memory, (off_t)size), 0);
        check_spawn(tick, NULL);
    }
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

#endif
