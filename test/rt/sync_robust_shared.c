/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Robust mutexes whose owner ends, in this process and in another; mutexes, condition variables, rwlocks, barriers and spin
 * locks in memory that a child process shares. While a thread waits for the other process the rest of this one runs.
 */
#include "sync_shared.h"

static void *die_with(void *m) {
    CHECK_INT(pthread_mutex_lock(m), 0);
    if (check_random() % 2) usleep(1000);
    return NULL;
}

static void *die_with_broken(void *m) {
    CHECK_INT(pthread_mutex_lock(m), EOWNERDEAD);
    return NULL;
}

static void *expect_lost(void *m) {
    CHECK_INT(pthread_mutex_lock(m), ENOTRECOVERABLE);
    return NULL;
}

static void test_robust(int shared) {
    static pthread_mutex_t two[2];
    for (int i = 0; i < 2; i++) shared_mutex(&two[i], PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, shared);
    pthread_mutex_t *m = &two[0];
    CHECK_INT(pthread_mutex_lock(m), 0);
    CHECK_INT(pthread_mutex_lock(m), EDEADLK);
    CHECK_INT(pthread_mutex_consistent(m), EINVAL);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), EPERM);
    pthread_t t = check_spawn(die_with, m), other = check_spawn(die_with, &two[1]);
    sched_yield();
    CHECK_INT(pthread_mutex_lock(m), EOWNERDEAD); /* perhaps after waiting for its end */
    CHECK_INT(pthread_mutex_consistent(m), 0);
    CHECK_INT(pthread_mutex_unlock(m), 0);
    check_join(t);
    CHECK_INT(pthread_mutex_lock(m), 0); /* as good as new */
    CHECK_INT(pthread_mutex_unlock(m), 0);
    check_join(other);
    check_join(check_spawn(die_with_broken, &two[1])); /* ends holding it once more */
    CHECK_INT(pthread_mutex_trylock(&two[1]), EOWNERDEAD);
    t = check_spawn(expect_lost, &two[1]);
    sched_yield();
    CHECK_INT(pthread_mutex_unlock(&two[1]), 0); /* not made consistent */
    check_join(t);
    CHECK_INT(pthread_mutex_lock(&two[1]), ENOTRECOVERABLE);
    CHECK_INT(pthread_mutex_trylock(&two[1]), ENOTRECOVERABLE);
    CHECK_INT(pthread_mutex_destroy(&two[0]), 0);
    CHECK_INT(pthread_mutex_destroy(&two[1]), 0);
}

static struct shared {
    pthread_mutex_t m, robust;
    long count;
    struct guarded g;
    pthread_barrier_t b;
    struct turns turns;
} *x;

static void init_shared(void) {
    x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(x != MAP_FAILED);
    shared_mutex(&x->m, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    shared_mutex(&x->robust, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    guarded_init(&x->g);
    shared_barrier(&x->b, 20);
    turns_init(&x->turns, PTHREAD_MUTEX_ERRORCHECK);
}

static void *use_shared(void *arg) {
    pthread_barrier_wait(&x->b);
    for (int i = 0; i < 50; i++) {
        CHECK_INT(pthread_mutex_lock(&x->m), 0);
        long seen = x->count;
        if (i % 4 == 0) sched_yield();
        x->count = seen + 1;
        CHECK_INT(pthread_mutex_unlock(&x->m), 0);
        guarded_use(&x->g, i % 8 == 0);
    }
    return arg;
}

static void one_side(int me) {
    pthread_t t[10];
    for (int i = 0; i < 10; i++) t[i] = check_spawn(use_shared, NULL);
    for (int i = 0; i < 10; i++) check_join(t[i]);
    turns_take(&x->turns, me, 5);
}

static void test_processes(void) {
    init_shared();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(50);
        one_side(1);
        _exit(0);
    }
    one_side(0);
    CHECK_INT(finish(child), 0);
    CHECK_INT(x->count, 1000);
    CHECK_INT(x->g.two, 1000);
    CHECK_INT(x->g.spins, 1000);
    CHECK_INT(x->turns.turn, 10);

    /* A process that ends with a robust mutex, while its parent waits for it and goes on ticking. */
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_INT(pthread_mutex_lock(&x->robust), 0);
        x->turns.turn = 100;
        while (x->turns.turn == 100) usleep(1000);
        _exit(0);
    }
    pthread_t t = check_spawn(tick, NULL);
    while (x->turns.turn != 100) usleep(100);
    struct timespec when = check_in(CLOCK_REALTIME, 5);
    CHECK_INT(pthread_mutex_timedlock(&x->robust, &when), ETIMEDOUT);
    CHECK_INT(pthread_mutex_trylock(&x->robust), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&x->robust), EPERM);
    ticks = 0;
    when = check_in(CLOCK_REALTIME, 20);
    CHECK_INT(pthread_mutex_timedlock(&x->robust, &when), ETIMEDOUT);
    CHECK(ticks >= 1);
    x->turns.turn = 101;
    CHECK_INT(finish(child), 0);
    CHECK_INT(pthread_mutex_lock(&x->robust), EOWNERDEAD);
    CHECK_INT(pthread_mutex_consistent(&x->robust), 0);
    CHECK_INT(pthread_mutex_unlock(&x->robust), 0);
    CHECK_INT(pthread_mutex_destroy(&x->robust), 0);
    CHECK_INT(pthread_cancel(t), 0);
    CHECK(check_join(t) == PTHREAD_CANCELED);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_robust(PTHREAD_PROCESS_PRIVATE);
    test_robust(PTHREAD_PROCESS_SHARED);
    test_processes();
    return 0;
}
