/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Robust mutexes whose owner ends, in this process and in another; mutexes, condition variables, rwlocks, barriers and spin
 * locks in memory that a child process shares. While a thread waits for the other process the rest of this one runs.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sync_check.h"

static void init_mutex(pthread_mutex_t *m, int robust, int shared)
{
    pthread_mutexattr_t a;
    CHECK_INT(pthread_mutexattr_init(&a), 0);
    CHECK_INT(pthread_mutexattr_setrobust(&a, robust), 0);
    CHECK_INT(pthread_mutexattr_setpshared(&a, shared), 0);
    CHECK_INT(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK), 0);
    CHECK_INT(pthread_mutex_init(m, &a), 0);
}

static void *die_with(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), 0);
    if (check_random() % 2)
        usleep(1000);
    return NULL;
}

static void *die_with_broken(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), EOWNERDEAD);
    return NULL;
}

static void *expect_lost(void *m)
{
    CHECK_INT(pthread_mutex_lock(m), ENOTRECOVERABLE);
    return NULL;
}

static void test_robust(int shared)
{
    static pthread_mutex_t two[2];
    for (int i = 0; i < 2; i++)
        init_mutex(&two[i], PTHREAD_MUTEX_ROBUST, shared);
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
    pthread_cond_t c;
    pthread_rwlock_t l;
    pthread_barrier_t b;
    pthread_spinlock_t s;
    long count, spins, reads;
    int turn;
} *x;

static void init_shared(void)
{
    pthread_condattr_t c;
    pthread_rwlockattr_t l;
    pthread_barrierattr_t b;
    x = mmap(NULL, sizeof(*x), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(x != MAP_FAILED);
    init_mutex(&x->m, PTHREAD_MUTEX_STALLED, PTHREAD_PROCESS_SHARED);
    init_mutex(&x->robust, PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_SHARED);
    CHECK_INT(pthread_condattr_init(&c), 0);
    CHECK_INT(pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_cond_init(&x->c, &c), 0);
    CHECK_INT(pthread_rwlockattr_init(&l), 0);
    CHECK_INT(pthread_rwlockattr_setpshared(&l, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_rwlock_init(&x->l, &l), 0);
    CHECK_INT(pthread_barrierattr_init(&b), 0);
    CHECK_INT(pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED), 0);
    CHECK_INT(pthread_barrier_init(&x->b, &b, 20), 0);
    CHECK_INT(pthread_spin_init(&x->s, PTHREAD_PROCESS_SHARED), 0);
}

static void *use_shared(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&x->b);
    for (int i = 0; i < 50; i++) {
        CHECK_INT(pthread_mutex_lock(&x->m), 0);
        long seen = x->count;
        if (i % 4 == 0)
            sched_yield();
        x->count = seen + 1;
        CHECK_INT(pthread_mutex_unlock(&x->m), 0);
        CHECK_INT(pthread_rwlock_wrlock(&x->l), 0);
        seen = x->reads;
        if (i % 8 == 0)
            sched_yield();
        x->reads = seen + 1;
        CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
        CHECK_INT(pthread_rwlock_rdlock(&x->l), 0);
        seen = x->reads;
        if (i % 8 == 0)
            sched_yield();
        CHECK_INT(x->reads, seen);
        CHECK_INT(pthread_rwlock_unlock(&x->l), 0);
        CHECK_INT(pthread_spin_lock(&x->s), 0);
        x->spins++;
        CHECK_INT(pthread_spin_unlock(&x->s), 0);
    }
    return NULL;
}

/* Both processes in turn, by the condition variable. */
static void take_turns(int me)
{
    for (int i = 0; i < 5; i++) {
        CHECK_INT(pthread_mutex_lock(&x->m), 0);
        while (x->turn % 2 != me)
            CHECK_INT(pthread_cond_wait(&x->c, &x->m), 0);
        x->turn++;
        CHECK_INT(pthread_cond_broadcast(&x->c), 0);
        CHECK_INT(pthread_mutex_unlock(&x->m), 0);
    }
}

static void one_side(int me)
{
    pthread_t t[10];
    for (int i = 0; i < 10; i++)
        t[i] = check_spawn(use_shared, NULL);
    for (int i = 0; i < 10; i++)
        check_join(t[i]);
    take_turns(me);
}

static void finish(pid_t child)
{
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static volatile long ticks;

static void *tick(void *arg)
{
    for (;;) {
        ticks++;
        usleep(1000);
    }
    return arg;
}

static void test_processes(void)
{
    init_shared();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(50);
        one_side(1);
        _exit(0);
    }
    one_side(0);
    finish(child);
    CHECK_INT(x->count, 1000);
    CHECK_INT(x->reads, 1000);
    CHECK_INT(x->spins, 1000);
    CHECK_INT(x->turn, 10);

    /* A process that ends with a robust mutex, while its parent waits for it and goes on ticking. */
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_INT(pthread_mutex_lock(&x->robust), 0);
        x->turn = 100;
        while (x->turn == 100)
            usleep(1000);
        _exit(0);
    }
    pthread_t t = check_spawn(tick, NULL);
    while (x->turn != 100)
        usleep(100);
    struct timespec when = check_in(CLOCK_REALTIME, 5);
    CHECK_INT(pthread_mutex_timedlock(&x->robust, &when), ETIMEDOUT);
    CHECK_INT(pthread_mutex_trylock(&x->robust), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&x->robust), EPERM);
    ticks = 0;
    when = check_in(CLOCK_REALTIME, 20);
    CHECK_INT(pthread_mutex_timedlock(&x->robust, &when), ETIMEDOUT);
    CHECK(ticks >= 1);
    x->turn = 101;
    finish(child);
    CHECK_INT(pthread_mutex_lock(&x->robust), EOWNERDEAD);
    CHECK_INT(pthread_mutex_consistent(&x->robust), 0);
    CHECK_INT(pthread_mutex_unlock(&x->robust), 0);
    CHECK_INT(pthread_mutex_destroy(&x->robust), 0);
    CHECK_INT(pthread_cancel(t), 0);
    CHECK(check_join(t) == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
    check_start(argc, argv, 60);
    test_robust(PTHREAD_PROCESS_PRIVATE);
    test_robust(PTHREAD_PROCESS_SHARED);
    test_processes();
    return 0;
}
