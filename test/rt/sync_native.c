/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared locks between this runtime and native threads: the same program built twice, the one that the test starts with the
 * runtime, its peer (CAPR_TEST_NATIVE names it) by plain clang. They share a memory file inherited over exec, which either of them
 * fills with objects. What a waiter waits for is given only once other threads of its process have run meanwhile.
 */
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sync_check.h"

#ifdef NATIVE
#define IS_NATIVE 1
#define THREADS 4
#else
#define IS_NATIVE 0
#define THREADS 30
#endif
#define BOTH (4 + 30)
#define ROUNDS 20
#define ITEMS 300
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

/* Items from one side to the other; conditions by signal, so that a lost one stops the program. */
struct buffer {
    pthread_mutex_t m;
    pthread_cond_t filled, emptied;
    int full, put, got;
};

static struct shared {
    pthread_mutex_t m[KINDS];
    long count[KINDS];
    pthread_rwlock_t l;
    volatile long one, two;
    pthread_spinlock_t s;
    long spins;
    sem_t sem;
    long posts;
    pthread_barrier_t b;
    pthread_mutex_t turns;
    pthread_cond_t turned, never;
    int turn;
    struct buffer buffer[2];
    volatile int held, go, waiting; /* one process to the other */
} *x;

static void init_mutex(pthread_mutex_t *m, int kind)
{
    pthread_mutexattr_t a;
    CHECK_INT(pthread_mutexattr_init(&a), 0);
    CHECK_INT(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_mutexattr_settype(&a, kinds[kind].type), 0);
    CHECK_INT(pthread_mutexattr_setrobust(&a, kinds[kind].robust), 0);
    CHECK_INT(pthread_mutexattr_setprotocol(&a, kinds[kind].protocol), 0);
    CHECK_INT(pthread_mutex_init(m, &a), 0);
}

static void init_cond(pthread_cond_t *c)
{
    pthread_condattr_t a;
    CHECK_INT(pthread_condattr_init(&a), 0);
    CHECK_INT(pthread_condattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_condattr_setclock(&a, CLOCK_MONOTONIC), 0);
    CHECK_INT(pthread_cond_init(c, &a), 0);
}

static void init_objects(void)
{
    pthread_rwlockattr_t l;
    pthread_barrierattr_t b;
    memset(x, 0, sizeof *x);
    for (int i = 0; i < KINDS; i++)
        init_mutex(&x->m[i], i);
    CHECK_INT(pthread_rwlockattr_init(&l), 0);
    CHECK_INT(pthread_rwlockattr_setpshared(&l, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_rwlock_init(&x->l, &l), 0);
    CHECK_INT(pthread_spin_init(&x->s, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(sem_init(&x->sem, 1, 1), 0);
    CHECK_INT(pthread_barrierattr_init(&b), 0);
    CHECK_INT(pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_barrier_init(&x->b, &b, BOTH), 0);
    init_mutex(&x->turns, 0);
    init_cond(&x->turned);
    init_cond(&x->never);
    for (int i = 0; i < 2; i++) {
        init_mutex(&x->buffer[i].m, 2 + i * 4); /* recursive; robust */
        init_cond(&x->buffer[i].filled);
        init_cond(&x->buffer[i].emptied);
    }
}

#ifndef NATIVE

static volatile long ticks;

static void *tick(void *arg)
{
    for (;;) {
        ticks++;
        usleep(200);
    }
    return arg;
}

/* Until the threads that do not wait have run. */
static void others_run(void)
{
    long before = ticks;
    while (ticks < before + 5)
        usleep(100);
}

#endif

/* --- both at once ------------------------------------------------------------------------------------------------------------ */

static void lock_somehow(pthread_mutex_t *m)
{
    struct timespec when = check_in(CLOCK_REALTIME, 60000);
    int error;
    switch (check_random() % 4) {
    case 0:
        while ((error = pthread_mutex_trylock(m)) == EBUSY)
            sched_yield();
        CHECK_INT(error, 0);
        break;
    case 1:
        CHECK_INT(pthread_mutex_timedlock(m, &when), 0);
        break;
    default:
        CHECK_INT(pthread_mutex_lock(m), 0);
    }
}

static void *exclude(void *arg)
{
    int serial = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0)
            serial += pthread_barrier_wait(&x->b) == PTHREAD_BARRIER_SERIAL_THREAD;
        int give_way = check_random() % 4 == 0;
        for (int k = 0; k < KINDS; k++) {
            int again = kinds[k].type == PTHREAD_MUTEX_RECURSIVE;
            lock_somehow(&x->m[k]);
            if (again)
                CHECK_INT(pthread_mutex_lock(&x->m[k]), 0);
            long seen = x->count[k];
            if (give_way)
                sched_yield();
            x->count[k] = seen + 1;
            if (again)
                CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
        }
        CHECK_INT(pthread_rwlock_wrlock(&x->l), 0);
        x->one++;
        if (give_way)
            sched_yield();
        x->two++;
        CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
        CHECK_INT(pthread_rwlock_rdlock(&x->l), 0);
        long seen = x->one;
        if (give_way)
            sched_yield();
        CHECK_INT(x->two, seen);
        CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
        CHECK_INT(pthread_spin_lock(&x->s), 0);
        x->spins++;
        CHECK_INT(pthread_spin_unlock(&x->s), 0);
        CHECK_INT(sem_wait(&x->sem), 0);
        seen = x->posts;
        if (give_way)
            sched_yield();
        x->posts = seen + 1;
        CHECK_INT(sem_post(&x->sem), 0);
    }
    (void)arg;
    return (void *)(intptr_t)serial;
}

static void *take_turns(void *arg)
{
    for (int i = 0; i < 20; i++) {
        CHECK_INT(pthread_mutex_lock(&x->turns), 0);
        while (x->turn % 2 != IS_NATIVE)
            CHECK_INT(pthread_cond_wait(&x->turned, &x->turns), 0);
        x->turn++;
        CHECK_INT(pthread_cond_broadcast(&x->turned), 0);
        CHECK_INT(pthread_mutex_unlock(&x->turns), 0);
    }
    return arg;
}

static void *produce(void *arg)
{
    struct buffer *b = &x->buffer[IS_NATIVE];
    for (;;) {
        CHECK_INT(pthread_mutex_lock(&b->m), 0);
        while (b->full == 3 && b->put < ITEMS)
            CHECK_INT(pthread_cond_wait(&b->emptied, &b->m), 0);
        int done = b->put == ITEMS;
        if (!done) {
            b->full++;
            if (++b->put == ITEMS)
                CHECK_INT(pthread_cond_broadcast(&b->emptied), 0);
            CHECK_INT(pthread_cond_signal(&b->filled), 0);
        }
        CHECK_INT(pthread_mutex_unlock(&b->m), 0);
        if (done)
            return arg;
    }
}

static void *consume(void *arg)
{
    struct buffer *b = &x->buffer[!IS_NATIVE];
    int again = b == &x->buffer[0]; /* recursive */
    for (;;) {
        CHECK_INT(pthread_mutex_lock(&b->m), 0);
        while (!b->full && b->got < ITEMS) {
            struct timespec when = check_in(CLOCK_MONOTONIC, 60000);
            CHECK_INT(b->got % 2 ? pthread_cond_timedwait(&b->filled, &b->m, &when) : pthread_cond_wait(&b->filled, &b->m), 0);
        }
        if (again) {
            CHECK_INT(pthread_mutex_lock(&b->m), 0);
            CHECK_INT(pthread_mutex_unlock(&b->m), 0);
        }
        int done = b->got == ITEMS;
        if (!done) {
            b->full--;
            if (++b->got == ITEMS)
                CHECK_INT(pthread_cond_broadcast(&b->filled), 0);
            CHECK_INT(pthread_cond_signal(&b->emptied), 0);
        }
        CHECK_INT(pthread_mutex_unlock(&b->m), 0);
        if (done)
            return arg;
    }
}

static int one_side(void)
{
    pthread_t t[THREADS];
    int serial = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = check_spawn(exclude, NULL);
    for (int i = 0; i < THREADS; i++)
        serial += (int)(intptr_t)check_join(t[i]);
    t[0] = check_spawn(take_turns, NULL);
    check_join(t[0]);
    for (int i = 0; i < THREADS; i++)
        t[i] = check_spawn(i % 2 ? produce : consume, NULL);
    for (int i = 0; i < THREADS; i++)
        check_join(t[i]);
    return serial;
}

/* --- what the peer is asked to do ---------------------------------------------------------------------------------------------- */

static void *lock_and_end(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), 0);
    return NULL;
}

static void *wait_barrier(void *arg)
{
    int result = pthread_barrier_wait(&x->b);
    CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
    return arg;
}

/* Holds all of it until it is told. */
static void hold(void)
{
    for (int k = 0; k < KINDS; k++)
        CHECK_INT(pthread_mutex_lock(&x->m[k]), 0);
    CHECK_INT(pthread_rwlock_wrlock(&x->l), 0);
    CHECK_INT(pthread_spin_lock(&x->s), 0);
    CHECK_INT(sem_wait(&x->sem), 0);
    x->held = 1;
    while (!x->go)
        usleep(100);
    for (int k = 0; k < KINDS; k++)
        CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
    CHECK_INT(pthread_spin_unlock(&x->s), 0);
    CHECK_INT(sem_post(&x->sem), 0);
    for (int i = 0; i < 4; i++) /* the others of the barrier's round come from there */
        check_spawn(wait_barrier, NULL);
    usleep(1000);
    CHECK_INT(pthread_mutex_lock(&x->turns), 0);
    x->turn = 1;
    CHECK_INT(pthread_cond_signal(&x->turned), 0);
    CHECK_INT(pthread_mutex_unlock(&x->turns), 0);
    while (x->go != 2)
        usleep(100);
}

/* Threads of one process hold a robust mutex each until it is killed. */
static void *hold_one(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), 0);
    __atomic_add_fetch(&x->held, 1, __ATOMIC_RELAXED);
    for (;;)
        usleep(1000);
}

static void hold_robust(void)
{
    for (int k = FIRST_ROBUST - 1; k < KINDS; k++)
        check_spawn(hold_one, &x->m[k]);
    for (;;)
        usleep(1000);
}

/* Threads that end with what they hold, in a process that lives on. */
static void end_holding(void)
{
    for (int k = FIRST_ROBUST; k < KINDS; k++)
        check_join(check_spawn(lock_and_end, &x->m[k]));
    x->held = 1;
    while (!x->go)
        usleep(100);
}

/* The owner of each robust mutex is dead, or dies while we wait. */
static void *expect_dead(void *m)
{
    __atomic_add_fetch(&x->waiting, 1, __ATOMIC_RELAXED);
    CHECK_INT(pthread_mutex_lock(m), EOWNERDEAD);
    CHECK_INT(pthread_mutex_consistent(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    CHECK_INT(pthread_mutex_lock(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    return NULL;
}

static void expect_all_dead(int first)
{
    pthread_t t[KINDS];
    for (int k = first; k < KINDS; k++)
        t[k] = check_spawn(expect_dead, &x->m[k]);
    for (int k = first; k < KINDS; k++)
        check_join(t[k]);
}

/* The mutex was unlocked without being made consistent. */
static void spoil(void)
{
    for (int k = FIRST_ROBUST; k < KINDS; k++) {
        check_join(check_spawn(lock_and_end, &x->m[k]));
        CHECK_INT(pthread_mutex_lock(&x->m[k]), EOWNERDEAD);
        CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
    }
}

static void expect_lost(void)
{
    for (int k = FIRST_ROBUST; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_lock(&x->m[k]), ENOTRECOVERABLE);
        if (!IS_NATIVE) /* glibc's own leaves it locked then */
            CHECK_INT(pthread_mutex_trylock(&x->m[k]), ENOTRECOVERABLE);
        CHECK_INT(pthread_mutex_lock(&x->m[k]), ENOTRECOVERABLE);
    }
}

static int as_peer(const char *role)
{
    if (!strcmp(role, "init"))
        init_objects();
    else if (!strcmp(role, "side"))
        return one_side();
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

static const char *native;
static int fd;

static pid_t start(const char *program, const char *role)
{
    char number[16], seed[32];
    snprintf(number, sizeof number, "%d", fd);
    snprintf(seed, sizeof seed, "%lu", check_seed);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        execl(program, program, seed, role, number, (char *)NULL);
        _exit(98);
    }
    return child;
}

static int finish(pid_t child)
{
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void fill(int by_native)
{
    if (by_native)
        CHECK_INT(finish(start(native, "init")), 0);
    else
        init_objects();
}

static void test_both(void)
{
    pid_t child = start(native, "side");
    int serial = one_side();
    serial += finish(child);
    CHECK_INT(serial, ROUNDS / 10);
    for (int k = 0; k < KINDS; k++)
        CHECK_INT(x->count[k], BOTH * ROUNDS);
    CHECK_INT(x->one, BOTH * ROUNDS);
    CHECK_INT(x->spins, BOTH * ROUNDS);
    CHECK_INT(x->posts, BOTH * ROUNDS);
    CHECK_INT(x->turn, 40);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(x->buffer[i].got, ITEMS);
        CHECK_INT(x->buffer[i].full, 0);
        CHECK_INT(pthread_cond_destroy(&x->buffer[i].filled), 0);
        CHECK_INT(pthread_cond_destroy(&x->buffer[i].filled), EINVAL);
    }
    CHECK_INT(pthread_barrier_destroy(&x->b), 0);
    CHECK_INT(pthread_rwlock_destroy(&x->l), 0);
    CHECK_INT(pthread_spin_destroy(&x->s), 0);
    for (int k = 0; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_destroy(&x->m[k]), 0);
        CHECK_INT(pthread_mutex_lock(&x->m[k]), EINVAL);
    }
}

/* Each thread waits for the one thing that the peer holds. */
static void *wait_mutex(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    return NULL;
}

static void *wait_read(void *arg)
{
    CHECK_INT(pthread_rwlock_rdlock(&x->l), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
    return arg;
}

static void *wait_write(void *arg)
{
    CHECK_INT(pthread_rwlock_wrlock(&x->l), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
    return arg;
}

static void *wait_spin(void *arg)
{
    CHECK_INT(pthread_spin_lock(&x->s), 0);
    CHECK_INT(pthread_spin_unlock(&x->s), 0);
    return arg;
}

static void *wait_sem(void *arg)
{
    CHECK_INT(sem_wait(&x->sem), 0);
    CHECK_INT(sem_post(&x->sem), 0);
    return arg;
}

static void *wait_turn(void *arg)
{
    CHECK_INT(pthread_mutex_lock(&x->turns), 0);
    while (x->turn == 0)
        CHECK_INT(pthread_cond_wait(&x->turned, &x->turns), 0);
    CHECK_INT(pthread_mutex_unlock(&x->turns), 0);
    return arg;
}

static void test_others_run(void)
{
    pthread_t t[KINDS + 5 + BOTH];
    int n = 0;
    pid_t child = start(native, "hold");
    while (!x->held)
        usleep(100);
    struct timespec past = check_in(CLOCK_REALTIME, -1000), soon = check_in(CLOCK_REALTIME, 2);
    for (int k = 0; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_trylock(&x->m[k]), EBUSY);
        CHECK_INT(pthread_mutex_timedlock(&x->m[k], &past), ETIMEDOUT);
        CHECK_INT(pthread_mutex_timedlock(&x->m[k], &soon), ETIMEDOUT);
        t[n++] = check_spawn(wait_mutex, &x->m[k]);
    }
    CHECK_INT(pthread_rwlock_tryrdlock(&x->l), EBUSY);
    CHECK_INT(pthread_rwlock_trywrlock(&x->l), EBUSY);
    CHECK_INT(pthread_rwlock_timedrdlock(&x->l, &past), ETIMEDOUT);
    CHECK_INT(pthread_rwlock_timedwrlock(&x->l, &soon), ETIMEDOUT);
    CHECK_INT(pthread_spin_trylock(&x->s), EBUSY);
    CHECK_ERRNO(sem_trywait(&x->sem), EAGAIN);
    void *(*const waits[])(void *) = { wait_read, wait_write, wait_spin, wait_sem, wait_turn };
    for (int i = 0; i < 5; i++)
        t[n++] = check_spawn(waits[i], NULL);
    for (int i = 0; i < BOTH - 4; i++)
        t[n++] = check_spawn(wait_barrier, NULL);
    others_run();
    CHECK_INT(pthread_barrier_destroy(&x->b), EBUSY);
    x->go = 1;
    for (int i = 0; i < n; i++)
        check_join(t[i]);
    x->go = 2;
    CHECK_INT(finish(child), 0);
}

/* glibc's notes do not tell our threads apart. */
static void *try_to_steal(void *arg)
{
    struct timespec soon = check_in(CLOCK_REALTIME, 2);
    for (int k = 0; k < KINDS; k++) {
        CHECK_INT(pthread_mutex_trylock(&x->m[k]), EBUSY);
        if (kinds[k].type != PTHREAD_MUTEX_NORMAL && kinds[k].type != PTHREAD_MUTEX_ADAPTIVE_NP)
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), EPERM);
        if (kinds[k].robust == PTHREAD_MUTEX_ROBUST)
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), EPERM);
        CHECK_INT(pthread_mutex_timedlock(&x->m[k], &soon), ETIMEDOUT);
    }
    CHECK_INT(pthread_rwlock_trywrlock(&x->l), EBUSY);
    CHECK_INT(pthread_rwlock_tryrdlock(&x->l), EBUSY);
    if (!arg)
        CHECK_INT(pthread_rwlock_unlock(&x->l), EPERM);
    return arg;
}

static void test_owners(void)
{
    for (int k = 0; k < KINDS; k++) {
        if (kinds[k].type != PTHREAD_MUTEX_NORMAL && kinds[k].type != PTHREAD_MUTEX_ADAPTIVE_NP)
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), EPERM);
        CHECK_INT(pthread_mutex_lock(&x->m[k]), 0);
        if (kinds[k].type == PTHREAD_MUTEX_ERRORCHECK)
            CHECK_INT(pthread_mutex_lock(&x->m[k]), EDEADLK);
        if (kinds[k].type == PTHREAD_MUTEX_RECURSIVE) {
            CHECK_INT(pthread_mutex_trylock(&x->m[k]), 0);
            CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
        }
        CHECK_INT(pthread_mutex_destroy(&x->m[k]), EBUSY);
        CHECK_INT(pthread_mutex_consistent(&x->m[k]), EINVAL);
    }
    CHECK_INT(pthread_rwlock_wrlock(&x->l), 0);
    CHECK_INT(pthread_rwlock_rdlock(&x->l), EDEADLK);
    CHECK_INT(pthread_rwlock_wrlock(&x->l), EDEADLK);
    check_join(check_spawn(try_to_steal, NULL));
    pid_t child = fork(); /* holds none of them */
    CHECK(child >= 0);
    if (child == 0) {
        alarm(50);
        try_to_steal(&child); /* glibc does not look who unlocks an rwlock in which process */
        _exit(0);
    }
    CHECK_INT(finish(child), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
    for (int k = 0; k < KINDS; k++)
        CHECK_INT(pthread_mutex_unlock(&x->m[k]), 0);
}

static int relocked;

static void note(void *m)
{
    relocked = pthread_mutex_trylock(m) == EBUSY;
    CHECK_INT(pthread_mutex_unlock(m), 0);
}

static void *wait_for_ever(void *arg)
{
    CHECK_INT(pthread_mutex_lock(&x->turns), 0);
    pthread_cleanup_push(note, &x->turns);
    x->waiting = 1;
    for (;;)
        pthread_cond_wait(&x->never, &x->turns);
    pthread_cleanup_pop(0);
    return arg;
}

static void test_cond_ends(void)
{
    pthread_t t = check_spawn(wait_for_ever, NULL);
    while (!x->waiting)
        usleep(100);
    CHECK_INT(pthread_mutex_lock(&x->turns), 0); /* it waits */
    CHECK_INT(pthread_mutex_unlock(&x->turns), 0);
    CHECK_INT(pthread_cancel(t), 0);
    CHECK(check_join(t) == PTHREAD_CANCELED);
    CHECK(relocked);
    CHECK_INT(pthread_mutex_lock(&x->turns), 0);
    struct timespec past = check_in(CLOCK_MONOTONIC, -1000), soon = check_in(CLOCK_MONOTONIC, 3);
    CHECK_INT(pthread_cond_timedwait(&x->never, &x->turns, &past), ETIMEDOUT);
    CHECK_INT(pthread_cond_timedwait(&x->never, &x->turns, &soon), ETIMEDOUT);
    CHECK_INT(pthread_mutex_unlock(&x->turns), 0);
    CHECK_INT(pthread_mutex_lock(&x->m[1]), 0);
    CHECK_INT(pthread_mutex_unlock(&x->m[1]), 0);
    CHECK_INT(pthread_cond_wait(&x->never, &x->m[1]), EPERM); /* an error-checking one that is not ours */
    CHECK_INT(pthread_cond_destroy(&x->never), 0);
}

static void let_wait(int count)
{
    while (x->waiting < count)
        usleep(100);
    others_run();
}

/* Of each robust mutex the holder dies; who waits on the other side is told. */
static void test_robust(const char *self)
{
    const char *const program[2] = { self, native };
    for (int holder = 0; holder < 2; holder++)
        for (int by_native = 0; by_native < 2; by_native++) {
            fill(by_native);
            pid_t child = start(program[holder], "hold_robust"), waiter = 0;
            while (x->held < KINDS - FIRST_ROBUST + 1)
                usleep(100);
            pthread_t t[KINDS];
            if (holder == 0) {
                waiter = start(native, "expect_killed");
            } else {
                for (int k = FIRST_ROBUST - 1; k < KINDS; k++)
                    t[k] = check_spawn(expect_dead, &x->m[k]);
            }
            let_wait(KINDS - FIRST_ROBUST + 1);
            CHECK_INT(kill(child, SIGKILL), 0);
            CHECK_INT(waitpid(child, NULL, 0), child);
            if (waiter)
                CHECK_INT(finish(waiter), 0);
            for (int k = FIRST_ROBUST - 1; holder && k < KINDS; k++)
                check_join(t[k]);

            fill(by_native);
            child = start(program[holder], "end_holding");
            while (!x->held)
                usleep(100);
            CHECK_INT(finish(start(program[!holder], "expect_dead")), 0);
            x->go = 1;
            CHECK_INT(finish(child), 0);

            fill(by_native);
            CHECK_INT(finish(start(program[holder], "spoil")), 0);
            CHECK_INT(finish(start(program[!holder], "expect_lost")), 0);
            CHECK_INT(finish(start(program[holder], "expect_lost")), 0);
        }
}

/* A thread of this process ends while native threads wait for what it holds. */
static void *end_when_told(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), 0);
    __atomic_add_fetch(&x->held, 1, __ATOMIC_RELAXED);
    while (!x->go)
        usleep(100);
    return NULL;
}

static void test_end_while_waited_for(void)
{
    fill(0);
    pthread_t t[KINDS];
    for (int k = FIRST_ROBUST; k < KINDS; k++)
        t[k] = check_spawn(end_when_told, &x->m[k]);
    while (x->held < KINDS - FIRST_ROBUST)
        usleep(100);
    pid_t child = start(native, "expect_dead");
    let_wait(KINDS - FIRST_ROBUST);
    x->go = 1;
    for (int k = FIRST_ROBUST; k < KINDS; k++)
        check_join(t[k]);
    CHECK_INT(finish(child), 0);
}

#endif

int main(int argc, char **argv)
{
    check_start(argc, argv, 100);
    if (argc == 4) {
        x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[3]), 0);
        CHECK(x != MAP_FAILED);
        return as_peer(argv[2]);
    }
#ifndef NATIVE
    native = getenv("CAPR_TEST_NATIVE");
    if (!native)
        return 77;
    fd = memfd_create("sync_native", 0);
    CHECK(fd >= 0);
    CHECK_INT(ftruncate(fd, sizeof(*x)), 0);
    x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(x != MAP_FAILED);
    check_spawn(tick, NULL);
    for (int by_native = 0; by_native < 2; by_native++) {
        fill(by_native);
        test_both();
        fill(by_native);
        test_others_run();
        fill(by_native);
        test_owners();
        test_cond_ends();
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
