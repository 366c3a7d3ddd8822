/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared mutexes between this runtime and native threads (sync_shared.h): they exclude each other, who waits for one lets the
 * other threads of its process run, and of robust ones each side is told when an owner of either side has ended.
 */
#include "sync_shared.h"

#define THREADS (IS_NATIVE ? 4 : 30)
#define BOTH (4 + 30)
#define ROUNDS 20
#define KINDS 9

static const struct { int type, robust, protocol; } kinds[KINDS] = {
    { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE },
    { PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE },
    { PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE },
    { PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE },
    { PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT },
    { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT },
#define FIRST_ROBUST 6 /* of those that a thread's end gives up */
    { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE },
    { PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE },
    { PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE },
};

static struct shared {
    pthread_mutex_t m[KINDS];
    long count[KINDS];
    pthread_barrier_t b;
    volatile int held, go, waiting; /* one process to the other */
} *x;

static void init_objects(void) {
    memset(x, 0, sizeof *x);
    for (int i = 0; i < KINDS; i++) shared_mutex(&x->m[i], kinds[i].type, kinds[i].robust, kinds[i].protocol, PTHREAD_PROCESS_SHARED);
    shared_barrier(&x->b, BOTH);
}

/* --- both at once ------------------------------------------------------------------------------------------------------------ */

static void lock_somehow(pthread_mutex_t *m) {
    struct timespec when = check_in(CLOCK_REALTIME, 60000);
    int error;
    switch (check_random() % 4) {
    case 0:
        while ((error = pthread_mutex_trylock(m)) == EBUSY) sched_yield();
        CHECK_INT(error, 0);
        break;
    case 1:
        CHECK_INT(pthread_mutex_timedlock(m, &when), 0);
        break;
    default:
        CHECK_INT(pthread_mutex_lock(m), 0);
    }
}

static void *exclude(void *arg) {
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0)
            pthread_barrier_wait(&x->b); /* so that both are there */
        int give_way = check_random() % 4 == 0;
        for (int k = 0; k < KINDS; k++) {
            int again = kinds[k].type == PTHREAD_MUTEX_RECURSIVE;
            lock_somehow(&x->m[k]);
            if (again) CHECK_INT(pthread_mutex_lock(&x->m[k]), 0);
            long seen = x->count[k];
            if (give_way) sched_yield();
            x->count[k] = seen + 1;
            if (again) CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
        }
    }
    return arg;
}

static void one_side(void) {
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(exclude, NULL);
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
}

/* --- what the peer is asked to do ---------------------------------------------------------------------------------------------- */

static void *lock_and_end(void *m) {
    CHECK_INT(pthread_mutex_lock(m), 0);
    return NULL;
}

/* Holds all of them until it is told. */
static void hold(void) {
    for (int k = 0; k < KINDS; k++) CHECK_INT(pthread_mutex_lock(&x->m[k]), 0);
    x->held = 1;
    while (!x->go) usleep(100);
    for (int k = 0; k < KINDS; k++) CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
}

/* Threads of one process hold a robust mutex each until it is killed. */
static void *hold_one(void *m) {
    CHECK_INT(pthread_mutex_lock(m), 0);
    __atomic_add_fetch(&x->held, 1, __ATOMIC_RELAXED);
    for (;;) usleep(1000);
}

static void hold_robust(void) {
    for (int k = FIRST_ROBUST - 1; k < KINDS; k++) check_spawn(hold_one, &x->m[k]);
    for (;;) usleep(1000);
}

/* Threads that end with what they hold, in a process that lives on. */
static void end_holding(void) {
    for (int k = FIRST_ROBUST; k < KINDS; k++) check_join(check_spawn(lock_and_end, &x->m[k]));
    x->held = 1;
    while (!x->go) usleep(100);
}

/* The owner of each robust mutex is dead, or dies while we wait. */
static void *expect_dead(void *m) {
    __atomic_add_fetch(&x->waiting, 1, __ATOMIC_RELAXED);
    CHECK_INT(pthread_mutex_lock(m), EOWNERDEAD);
    CHECK_INT(pthread_mutex_consistent(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    CHECK_INT(pthread_mutex_lock(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    return NULL;
}

static void expect_all_dead(int first) {
    pthread_t t[KINDS];
    for (int k = first; k < KINDS; k++) t[k] = check_spawn(expect_dead, &x->m[k]);
    for (int k = first; k < KINDS; k++) check_join(t[k]);
}

/* The mutex was unlocked without being made consistent. */
static void spoil(void) {
    for (int k = FIRST_ROBUST; k < KINDS; k++) {
        check_join(check_spawn(lock_and_end, &x->m[k]));
        CHECK_INT(pthread_mutex_lock(&x->m[k]), EOWNERDEAD);
        CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
    }
}

static void expect_lost(void) {
    for (int k = FIRST_ROBUST; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_lock(&x->m[k]), ENOTRECOVERABLE);
        if (!IS_NATIVE) /* glibc's own leaves it locked then */
            CHECK_INT(pthread_mutex_trylock(&x->m[k]), ENOTRECOVERABLE);
        CHECK_INT(pthread_mutex_lock(&x->m[k]), ENOTRECOVERABLE);
    }
}

static int as_peer(const char *role) {
    if (!strcmp(role, "init"))
        init_objects();
    else if (!strcmp(role, "side"))
        one_side();
    else if (!strcmp(role, "hold"))
        hold();
    else if (!strcmp(role, "hold_robust"))
        hold_robust();
    else if (!strcmp(role, "end_holding"))
        end_holding();
    else if (!strcmp(role, "expect_dead"))
        expect_all_dead(FIRST_ROBUST);
    else if (!strcmp(role, "expect_killed"))
        expect_all_dead(FIRST_ROBUST - 1);
    else if (!strcmp(role, "spoil"))
        spoil();
    else if (!strcmp(role, "expect_lost"))
        expect_lost();
    else
        return 99;
    return 0;
}

/* --- the test ------------------------------------------------------------------------------------------------------------------ */

#ifndef NATIVE

static void test_both(void) {
    pid_t child = start(native, "side");
    one_side();
    CHECK_INT(finish(child), 0);
    for (int k = 0; k < KINDS; k++) {
        CHECK_INT(x->count[k], BOTH * ROUNDS);
        CHECK_INT(pthread_mutex_destroy(&x->m[k]), 0);
        CHECK_INT(pthread_mutex_lock(&x->m[k]), EINVAL);
    }
}

static void *wait_mutex(void *m) {
    CHECK_INT(pthread_mutex_lock(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    return NULL;
}

static void test_others_run(void) {
    pthread_t t[KINDS];
    pid_t child = start(native, "hold");
    while (!x->held) usleep(100);
    struct timespec past = check_in(CLOCK_REALTIME, -1000), soon = check_in(CLOCK_REALTIME, 2);
    for (int k = 0; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_trylock(&x->m[k]), EBUSY);
        CHECK_INT(pthread_mutex_timedlock(&x->m[k], &past), ETIMEDOUT);
        CHECK_INT(pthread_mutex_timedlock(&x->m[k], &soon), ETIMEDOUT);
        t[k] = check_spawn(wait_mutex, &x->m[k]);
    }
    others_run();
    x->go = 1;
    for (int k = 0; k < KINDS; k++) check_join(t[k]);
    CHECK_INT(finish(child), 0);
}

/* glibc's notes do not tell our threads apart. */
static void *try_to_steal(void *arg) {
    struct timespec soon = check_in(CLOCK_REALTIME, 2);
    for (int k = 0; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_trylock(&x->m[k]), EBUSY);
        if (kinds[k].type != PTHREAD_MUTEX_NORMAL && kinds[k].type != PTHREAD_MUTEX_ADAPTIVE_NP) CHECK_INT(pthread_mutex_unlock(&x->m[k]), EPERM);
        if (kinds[k].robust == PTHREAD_MUTEX_ROBUST) CHECK_INT(pthread_mutex_unlock(&x->m[k]), EPERM);
        CHECK_INT(pthread_mutex_timedlock(&x->m[k], &soon), ETIMEDOUT);
    }
    return arg;
}

static void test_owners(void) {
    for (int k = 0; k < KINDS; k++) {
        if (kinds[k].type != PTHREAD_MUTEX_NORMAL && kinds[k].type != PTHREAD_MUTEX_ADAPTIVE_NP) CHECK_INT(pthread_mutex_unlock(&x->m[k]), EPERM);
        CHECK_INT(pthread_mutex_lock(&x->m[k]), 0);
        if (kinds[k].type == PTHREAD_MUTEX_ERRORCHECK) CHECK_INT(pthread_mutex_lock(&x->m[k]), EDEADLK);
        if (kinds[k].type == PTHREAD_MUTEX_RECURSIVE) {
            CHECK_INT(pthread_mutex_trylock(&x->m[k]), 0);
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
        }
        CHECK_INT(pthread_mutex_destroy(&x->m[k]), EBUSY);
        CHECK_INT(pthread_mutex_consistent(&x->m[k]), EINVAL);
    }
    check_join(check_spawn(try_to_steal, NULL));
    pid_t child = fork(); /* holds none of them */
    CHECK(child >= 0);
    if (child == 0) {
        alarm(50);
        try_to_steal(NULL);
        _exit(0);
    }
    CHECK_INT(finish(child), 0);
    for (int k = 0; k < KINDS; k++) CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
}

static void let_wait(int count) {
    while (x->waiting < count) usleep(100);
    others_run();
}

/* Of each robust mutex the holder dies; who waits on the other side is told. */
static void test_robust(const char *self) {
    const char *const program[2] = { self, native };
    for (int holder = 0; holder < 2; holder++)
        for (int by_native = 0; by_native < 2; by_native++) {
            fill(by_native, init_objects);
            pid_t child = start(program[holder], "hold_robust"), waiter = 0;
            while (x->held < KINDS - FIRST_ROBUST + 1) usleep(100);
            pthread_t t[KINDS];
            if (holder == 0) {
                waiter = start(native, "expect_killed");
            } else {
                for (int k = FIRST_ROBUST - 1; k < KINDS; k++) t[k] = check_spawn(expect_dead, &x->m[k]);
            }
            let_wait(KINDS - FIRST_ROBUST + 1);
            CHECK_INT(kill(child, SIGKILL), 0);
            CHECK_INT(waitpid(child, NULL, 0), child);
            if (waiter) CHECK_INT(finish(waiter), 0);
            for (int k = FIRST_ROBUST - 1; holder && k < KINDS; k++) check_join(t[k]);

            fill(by_native, init_objects);
            child = start(program[holder], "end_holding");
            while (!x->held) usleep(100);
            CHECK_INT(finish(start(program[!holder], "expect_dead")), 0);
            x->go = 1;
            CHECK_INT(finish(child), 0);

            fill(by_native, init_objects);
            CHECK_INT(finish(start(program[holder], "spoil")), 0);
            CHECK_INT(finish(start(program[!holder], "expect_lost")), 0);
            CHECK_INT(finish(start(program[holder], "expect_lost")), 0);
        }
}

/* A thread of this process ends while native threads wait for what it holds. */
static void *end_when_told(void *m) {
    CHECK_INT(pthread_mutex_lock(m), 0);
    __atomic_add_fetch(&x->held, 1, __ATOMIC_RELAXED);
    while (!x->go) usleep(100);
    return NULL;
}

static void test_end_while_waited_for(void) {
    fill(0, init_objects);
    pthread_t t[KINDS];
    for (int k = FIRST_ROBUST; k < KINDS; k++) t[k] = check_spawn(end_when_told, &x->m[k]);
    while (x->held < KINDS - FIRST_ROBUST) usleep(100);
    pid_t child = start(native, "expect_dead");
    let_wait(KINDS - FIRST_ROBUST);
    x->go = 1;
    for (int k = FIRST_ROBUST; k < KINDS; k++) check_join(t[k]);
    CHECK_INT(finish(child), 0);
}

#endif

int main(int argc, char **argv) {
    const char *part;
    x = shared_memory(argc, argv, sizeof *x, &part);
    if (part) return as_peer(part);
    if (!x) return 77;
#ifndef NATIVE
    for (int by_native = 0; by_native < 2; by_native++) {
        fill(by_native, init_objects);
        test_both();
        fill(by_native, init_objects);
        test_others_run();
        fill(by_native, init_objects);
        test_owners();
    }
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(length > 0);
    self[length] = 0;
    test_robust(self);
    test_end_while_waited_for();
#endif
    return 0;
}
