/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared conditions, barriers, rwlocks, spin locks and semaphores between this runtime and native threads (sync_shared.h).
 * What a waiter waits for is given only once other threads of its process have run meanwhile.
 */
#include <semaphore.h>

#include "sync_shared.h"

#define THREADS (IS_NATIVE ? 4 : 30)
#define BOTH (4 + 30)
#define ROUNDS 20
#define ITEMS 300

/* Items from one side to the other; conditions by signal, so that a lost one stops the program. */
struct buffer {
    pthread_mutex_t m;
    pthread_cond_t filled, emptied;
    int full, put, got;
};

static struct shared {
    struct guarded g;
    sem_t sem;
    long posts;
    pthread_barrier_t b;
    struct turns turns;
    pthread_cond_t never;
    pthread_mutex_t checked;
    struct buffer buffer[2];
    volatile int held, go, waiting; /* one process to the other */
} *x;

static void init_objects(void) {
    memset(x, 0, sizeof *x);
    guarded_init(&x->g);
    CHECK_INT(sem_init(&x->sem, 1, 1), 0);
    shared_barrier(&x->b, BOTH);
    turns_init(&x->turns, PTHREAD_MUTEX_NORMAL);
    shared_cond(&x->never);
    shared_mutex(&x->checked, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    for (int i = 0; i < 2; i++) {
        shared_mutex(&x->buffer[i].m, i ? PTHREAD_MUTEX_NORMAL : PTHREAD_MUTEX_RECURSIVE, i ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED,
                     PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
        shared_cond(&x->buffer[i].filled);
        shared_cond(&x->buffer[i].emptied);
    }
}

/* --- both at once ------------------------------------------------------------------------------------------------------------ */

static void *exclude(void *arg) {
    int serial = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) serial += pthread_barrier_wait(&x->b) == PTHREAD_BARRIER_SERIAL_THREAD;
        int give_way = check_random() % 4 == 0;
        guarded_use(&x->g, give_way);
        CHECK_INT(sem_wait(&x->sem), 0);
        long seen = x->posts;
        if (give_way) sched_yield();
        x->posts = seen + 1;
        CHECK_INT(sem_post(&x->sem), 0);
    }
    (void)arg;
    return (void *)(intptr_t)serial;
}

static void *take_turns(void *arg) {
    turns_take(&x->turns, IS_NATIVE, 20);
    return arg;
}

static void *produce(void *arg) {
    struct buffer *b = &x->buffer[IS_NATIVE];
    for (;;) {
        CHECK_INT(pthread_mutex_lock(&b->m), 0);
        while (b->full == 3 && b->put < ITEMS) CHECK_INT(pthread_cond_wait(&b->emptied, &b->m), 0);
        int done = b->put == ITEMS;
        if (!done) {
            b->full++;
            if (++b->put == ITEMS) CHECK_INT(pthread_cond_broadcast(&b->emptied), 0);
            CHECK_INT(pthread_cond_signal(&b->filled), 0);
        }
        CHECK_INT(pthread_mutex_unlock(&b->m), 0);
        if (done) return arg;
    }
}

static void *consume(void *arg) {
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
            if (++b->got == ITEMS) CHECK_INT(pthread_cond_broadcast(&b->filled), 0);
            CHECK_INT(pthread_cond_signal(&b->emptied), 0);
        }
        CHECK_INT(pthread_mutex_unlock(&b->m), 0);
        if (done) return arg;
    }
}

static int one_side(void) {
    pthread_t t[THREADS];
    int serial = 0;
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(exclude, NULL);
    for (int i = 0; i < THREADS; i++) serial += (int)(intptr_t)check_join(t[i]);
    t[0] = check_spawn(take_turns, NULL);
    check_join(t[0]);
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(i % 2 ? produce : consume, NULL);
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
    return serial;
}

/* --- what the peer is asked to do ---------------------------------------------------------------------------------------------- */

static void *wait_barrier(void *arg) {
    int result = pthread_barrier_wait(&x->b);
    CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
    return arg;
}

/* Holds all of it until it is told. */
static void hold(void) {
    CHECK_INT(pthread_rwlock_wrlock(&x->g.l), 0);
    CHECK_INT(pthread_spin_lock(&x->g.s), 0);
    CHECK_INT(sem_wait(&x->sem), 0);
    x->held = 1;
    while (!x->go) usleep(100);
    CHECK_INT(pthread_rwlock_unlock(&x->g.l), 0);
    CHECK_INT(pthread_spin_unlock(&x->g.s), 0);
    CHECK_INT(sem_post(&x->sem), 0);
    for (int i = 0; i < 4; i++) /* the others of the barrier's round come from there */
        check_spawn(wait_barrier, NULL);
    usleep(1000);
    CHECK_INT(pthread_mutex_lock(&x->turns.m), 0);
    x->turns.turn = 1;
    CHECK_INT(pthread_cond_signal(&x->turns.turned), 0);
    CHECK_INT(pthread_mutex_unlock(&x->turns.m), 0);
    while (x->go != 2) usleep(100);
}

static int as_peer(const char *part) {
    if (!strcmp(part, "init"))
        init_objects();
    else if (!strcmp(part, "side"))
        return one_side();
    else if (!strcmp(part, "hold"))
        hold();
    else
        return 99;
    return 0;
}

/* --- the test ------------------------------------------------------------------------------------------------------------------ */

#ifndef NATIVE

static void test_both(void) {
    pid_t child = start(native, "side");
    int serial = one_side();
    serial += finish(child);
    CHECK_INT(serial, ROUNDS / 10);
    CHECK_INT(x->g.one, BOTH * ROUNDS);
    CHECK_INT(x->g.spins, BOTH * ROUNDS);
    CHECK_INT(x->posts, BOTH * ROUNDS);
    CHECK_INT(x->turns.turn, 40);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(x->buffer[i].got, ITEMS);
        CHECK_INT(x->buffer[i].full, 0);
        CHECK_INT(pthread_cond_destroy(&x->buffer[i].filled), 0);
        CHECK_INT(pthread_cond_destroy(&x->buffer[i].filled), EINVAL);
    }
    CHECK_INT(pthread_barrier_destroy(&x->b), 0);
    CHECK_INT(pthread_rwlock_destroy(&x->g.l), 0);
    CHECK_INT(pthread_spin_destroy(&x->g.s), 0);
}

/* Each thread waits for the one thing that the peer holds. */
static void *wait_read(void *arg) {
    CHECK_INT(pthread_rwlock_rdlock(&x->g.l), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->g.l), 0);
    return arg;
}

static void *wait_write(void *arg) {
    CHECK_INT(pthread_rwlock_wrlock(&x->g.l), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->g.l), 0);
    return arg;
}

static void *wait_spin(void *arg) {
    CHECK_INT(pthread_spin_lock(&x->g.s), 0);
    CHECK_INT(pthread_spin_unlock(&x->g.s), 0);
    return arg;
}

static void *wait_sem(void *arg) {
    CHECK_INT(sem_wait(&x->sem), 0);
    CHECK_INT(sem_post(&x->sem), 0);
    return arg;
}

static void *wait_turn(void *arg) {
    CHECK_INT(pthread_mutex_lock(&x->turns.m), 0);
    while (x->turns.turn == 0) CHECK_INT(pthread_cond_wait(&x->turns.turned, &x->turns.m), 0);
    CHECK_INT(pthread_mutex_unlock(&x->turns.m), 0);
    return arg;
}

static void test_others_run(void) {
    pthread_t t[5 + BOTH];
    int n = 0;
    pid_t child = start(native, "hold");
    while (!x->held) usleep(100);
    struct timespec past = check_in(CLOCK_REALTIME, -1000), soon = check_in(CLOCK_REALTIME, 2);
    CHECK_INT(pthread_rwlock_tryrdlock(&x->g.l), EBUSY);
    CHECK_INT(pthread_rwlock_trywrlock(&x->g.l), EBUSY);
    CHECK_INT(pthread_rwlock_timedrdlock(&x->g.l, &past), ETIMEDOUT);
    CHECK_INT(pthread_rwlock_timedwrlock(&x->g.l, &soon), ETIMEDOUT);
    CHECK_INT(pthread_spin_trylock(&x->g.s), EBUSY);
    CHECK_ERRNO(sem_trywait(&x->sem), EAGAIN);
    void *(*const waits[])(void *) = { wait_read, wait_write, wait_spin, wait_sem, wait_turn };
    for (int i = 0; i < 5; i++) t[n++] = check_spawn(waits[i], NULL);
    for (int i = 0; i < BOTH - 4; i++) t[n++] = check_spawn(wait_barrier, NULL);
    others_run();
    CHECK_INT(pthread_barrier_destroy(&x->b), EBUSY);
    x->go = 1;
    for (int i = 0; i < n; i++) check_join(t[i]);
    x->go = 2;
    CHECK_INT(finish(child), 0);
}

/* glibc's notes do not tell our threads apart. */
static void *try_to_steal(void *arg) {
    CHECK_INT(pthread_rwlock_trywrlock(&x->g.l), EBUSY);
    CHECK_INT(pthread_rwlock_tryrdlock(&x->g.l), EBUSY);
    if (!arg) CHECK_INT(pthread_rwlock_unlock(&x->g.l), EPERM);
    return arg;
}

static void test_owners(void) {
    CHECK_INT(pthread_rwlock_wrlock(&x->g.l), 0);
    CHECK_INT(pthread_rwlock_rdlock(&x->g.l), EDEADLK);
    CHECK_INT(pthread_rwlock_wrlock(&x->g.l), EDEADLK);
    check_join(check_spawn(try_to_steal, NULL));
    pid_t child = fork(); /* does not hold it */
    CHECK(child >= 0);
    if (child == 0) {
        alarm(50);
        try_to_steal(&child); /* glibc does not look who unlocks an rwlock in which process */
        _exit(0);
    }
    CHECK_INT(finish(child), 0);
    CHECK_INT(pthread_rwlock_unlock(&x->g.l), 0);
}

static int relocked;

static void note(void *m) {
    relocked = pthread_mutex_trylock(m) == EBUSY;
    CHECK_INT(pthread_mutex_unlock(m), 0);
}

static void *wait_for_ever(void *arg) {
    CHECK_INT(pthread_mutex_lock(&x->turns.m), 0);
    pthread_cleanup_push(note, &x->turns.m);
    x->waiting = 1;
    for (;;) pthread_cond_wait(&x->never, &x->turns.m);
    pthread_cleanup_pop(0);
    return arg;
}

static void test_cond_ends(void) {
    pthread_t t = check_spawn(wait_for_ever, NULL);
    while (!x->waiting) usleep(100);
    CHECK_INT(pthread_mutex_lock(&x->turns.m), 0); /* it waits */
    CHECK_INT(pthread_mutex_unlock(&x->turns.m), 0);
    CHECK_INT(pthread_cancel(t), 0);
    CHECK(check_join(t) == PTHREAD_CANCELED);
    CHECK(relocked);
    CHECK_INT(pthread_mutex_lock(&x->turns.m), 0);
    struct timespec past = check_in(CLOCK_MONOTONIC, -1000), soon = check_in(CLOCK_MONOTONIC, 3);
    CHECK_INT(pthread_cond_timedwait(&x->never, &x->turns.m, &past), ETIMEDOUT);
    CHECK_INT(pthread_cond_timedwait(&x->never, &x->turns.m, &soon), ETIMEDOUT);
    CHECK_INT(pthread_mutex_unlock(&x->turns.m), 0);
    CHECK_INT(pthread_mutex_lock(&x->checked), 0);
    CHECK_INT(pthread_mutex_unlock(&x->checked), 0);
    CHECK_INT(pthread_cond_wait(&x->never, &x->checked), EPERM); /* an error-checking one that is not ours */
    CHECK_INT(pthread_cond_destroy(&x->never), 0);
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
        test_cond_ends();
    }
#endif
    return 0;
}
