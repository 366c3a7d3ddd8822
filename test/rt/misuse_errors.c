/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Misuse that has an error: handles of threads that were joined, detached or have ended; objects that were destroyed, are
 * destroyed again, or while they are in use; locks of others. POSIX leaves most of it undefined; here it is the same error each time, and
 * nothing else happens.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "check.h"

static void *nothing(void *arg) { return arg; }

static pthread_t start(void *(*f)(void *), void *arg) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, f, arg), 0);
    return t;
}

static void join(pthread_t t) { CHECK_EQUAL(pthread_join(t, NULL), 0); }

static void let_run(void) {
    for (int i = 0; i < 20; i++) sched_yield();
}

/* What runs on the memory of threads of the past. */
static __attribute__((noinline)) int use_stack(int depth) {
    volatile unsigned char room[200];
    memset((void *)room, 0xff, sizeof room);
    sched_yield();
    return (depth ? use_stack(depth - 1) : 0) + room[depth % 200];
}

static void *deep(void *arg) {
    use_stack(200);
    return arg;
}

/* `t` is no thread any more: all say so. */
static void gone(pthread_t t) {
    char name[16];
    int policy;
    struct sched_param p = {0};
    clockid_t clock;
    pthread_attr_t attr;
    struct timespec now;
    cpu_set_t set;
    clock_gettime(CLOCK_REALTIME, &now);
    CHECK_EQUAL(pthread_join(t, NULL), ESRCH);
    CHECK_EQUAL(pthread_tryjoin_np(t, NULL), ESRCH);
    CHECK_EQUAL(pthread_timedjoin_np(t, NULL, &now), ESRCH);
    CHECK_EQUAL(pthread_detach(t), ESRCH);
    CHECK_EQUAL(pthread_kill(t, 0), ESRCH);
    CHECK_EQUAL(pthread_kill(t, SIGUSR1), ESRCH);
    CHECK_EQUAL(pthread_sigqueue(t, SIGUSR1, (union sigval){0}), ESRCH);
    CHECK_EQUAL(pthread_cancel(t), ESRCH);
    CHECK_EQUAL(pthread_setname_np(t, "name"), ESRCH);
    CHECK_EQUAL(pthread_getname_np(t, name, sizeof name), ESRCH);
    CHECK_EQUAL(pthread_getschedparam(t, &policy, &p), ESRCH);
    CHECK_EQUAL(pthread_setschedparam(t, SCHED_OTHER, &p), ESRCH);
    CHECK_EQUAL(pthread_setschedprio(t, 0), ESRCH);
    CHECK_EQUAL(pthread_getaffinity_np(t, sizeof set, &set), ESRCH);
    CHECK_EQUAL(pthread_getcpuclockid(t, &clock), ESRCH);
    CHECK_EQUAL(pthread_getattr_np(t, &attr), ESRCH);
}

static void *join_it(void *t) { return (void *)(long)pthread_join(*(pthread_t *)t, NULL); }
static void *wait_sem(void *s) {
    CHECK_EQUAL(sem_wait(s), 0);
    return NULL;
}

static void threads(void) {
    sem_t s;
    void *result;
    CHECK_EQUAL(sem_init(&s, 0, 0), 0);
    CHECK_EQUAL(pthread_join(pthread_self(), NULL), EDEADLK);
    CHECK_EQUAL(pthread_join(0, NULL), ESRCH);

    pthread_t t = start(nothing, NULL);
    let_run();
    CHECK_EQUAL(pthread_kill(t, SIGUSR1), 0); /* ended, not joined: nobody is there to take it */
    CHECK_EQUAL(pthread_cancel(t), 0);
    join(t);
    gone(t);

    t = start(wait_sem, &s);
    let_run();
    CHECK_EQUAL(pthread_detach(t), 0);
    CHECK_EQUAL(pthread_detach(t), EINVAL);
    CHECK_EQUAL(pthread_join(t, NULL), EINVAL);
    CHECK_EQUAL(sem_post(&s), 0);
    let_run();
    gone(t);

    t = start(nothing, NULL);
    let_run();
    CHECK_EQUAL(pthread_detach(t), 0);
    gone(t);

    /* Joined by somebody already: neither joined nor detached by another. */
    t = start(wait_sem, &s);
    pthread_t other = start(join_it, &t);
    let_run();
    CHECK_EQUAL(pthread_join(t, NULL), EINVAL);
    CHECK_EQUAL(pthread_detach(t), EINVAL);
    CHECK_EQUAL(sem_post(&s), 0);
    CHECK_EQUAL(pthread_join(other, &result), 0);
    CHECK_EQUAL((long)result, 0);
    gone(t);
    CHECK_EQUAL(sem_destroy(&s), 0);

    /* Others' frames on the memory of the record. */
    pthread_t past[20];
    for (int i = 0; i < 20; i++) past[i] = start(deep, NULL);
    for (int i = 0; i < 20; i++) join(past[i]);
    for (int round = 0; round < 5; round++) {
        pthread_t user = start(deep, NULL);
        for (int k = 0; k < 10; k++) {
            sched_yield();
            for (int i = 0; i < 20; i++)
                if (past[i] != user) gone(past[i]);
        }
        join(user);
    }
    use_stack(150);
    for (int i = 0; i < 20; i++) gone(past[i]);
}

/* What a stranger is told. */
static void *unlock(void *m) { return (void *)(long)pthread_mutex_unlock(m); }
static void *rw_unlock(void *l) { return (void *)(long)pthread_rwlock_unlock(l); }

static long in_thread(void *(*f)(void *), void *arg) {
    void *result;
    CHECK_EQUAL(pthread_join(start(f, arg), &result), 0);
    return (long)result;
}

static void mutexes(void) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ADAPTIVE_NP};
    for (int type = 0; type < 4; type++)
        for (int robust = 0; robust < 2; robust++)
            for (int shared = 0; shared < 2; shared++) {
                pthread_mutexattr_t a;
                pthread_mutex_t m;
                struct timespec now;
                clock_gettime(CLOCK_REALTIME, &now);
                pthread_mutexattr_init(&a);
                pthread_mutexattr_settype(&a, types[type]);
                pthread_mutexattr_setrobust(&a, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
                pthread_mutexattr_setpshared(&a, shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
                CHECK_EQUAL(pthread_mutex_init(&m, &a), 0);
                int checks = robust || type == 1 || type == 2;
                if (checks) CHECK_EQUAL(pthread_mutex_unlock(&m), EPERM);
                CHECK_EQUAL(pthread_mutex_lock(&m), 0);
                if (checks) CHECK_EQUAL(in_thread(unlock, &m), EPERM);
                CHECK_EQUAL(pthread_mutex_destroy(&m), EBUSY);
                CHECK_EQUAL(pthread_mutex_unlock(&m), 0);
                CHECK_EQUAL(pthread_mutex_destroy(&m), 0);
                for (int i = 0; i < 2; i++) {
                    CHECK_EQUAL(pthread_mutex_destroy(&m), EINVAL);
                    CHECK_EQUAL(pthread_mutex_lock(&m), EINVAL);
                    CHECK_EQUAL(pthread_mutex_trylock(&m), EINVAL);
                    CHECK_EQUAL(pthread_mutex_timedlock(&m, &now), EINVAL);
                    CHECK_EQUAL(pthread_mutex_unlock(&m), EINVAL);
                    CHECK_EQUAL(pthread_mutex_consistent(&m), EINVAL);
                }
                CHECK_EQUAL(pthread_mutex_init(&m, NULL), 0);
                CHECK_EQUAL(pthread_mutex_lock(&m), 0);
                CHECK_EQUAL(pthread_mutex_unlock(&m), 0);
            }
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *wait_cond(void *c) {
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    CHECK_EQUAL(pthread_cond_wait(c, &mutex), 0);
    return (void *)(long)pthread_mutex_unlock(&mutex);
}

static void conditions(void) {
    pthread_cond_t c;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    CHECK_EQUAL(pthread_cond_init(&c, NULL), 0);
    pthread_t t = start(wait_cond, &c);
    let_run();
    CHECK_EQUAL(pthread_cond_destroy(&c), EBUSY);
    CHECK_EQUAL(pthread_cond_signal(&c), 0);
    CHECK_EQUAL(pthread_cond_destroy(&c), 0); /* at once: it waits for the mutex only */
    join(t);
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    CHECK_EQUAL(pthread_cond_destroy(&c), EINVAL);
    CHECK_EQUAL(pthread_cond_wait(&c, &mutex), EINVAL);
    CHECK_EQUAL(pthread_cond_timedwait(&c, &mutex, &now), EINVAL);
    CHECK_EQUAL(pthread_cond_signal(&c), 0); /* nobody waits */
    CHECK_EQUAL(pthread_mutex_trylock(&mutex), EBUSY); /* held all the time */
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    CHECK_EQUAL(pthread_cond_init(&c, NULL), 0);
    CHECK_EQUAL(pthread_cond_destroy(&c), 0);
}

static void rwlocks(int shared) {
    pthread_rwlock_t l;
    pthread_rwlockattr_t a;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_rwlockattr_init(&a);
    pthread_rwlockattr_setpshared(&a, shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    CHECK_EQUAL(pthread_rwlock_init(&l, &a), 0);
    CHECK_EQUAL(pthread_rwlock_unlock(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_wrlock(&l), 0);
    if (!shared) {
        CHECK_EQUAL(in_thread(rw_unlock, &l), EPERM);
        CHECK_EQUAL(pthread_rwlock_rdlock(&l), EDEADLK);
        CHECK_EQUAL(pthread_rwlock_wrlock(&l), EDEADLK);
    }
    CHECK_EQUAL(pthread_rwlock_destroy(&l), EBUSY);
    CHECK_EQUAL(pthread_rwlock_unlock(&l), 0);
    CHECK_EQUAL(pthread_rwlock_rdlock(&l), 0);
    CHECK_EQUAL(pthread_rwlock_destroy(&l), EBUSY);
    CHECK_EQUAL(pthread_rwlock_unlock(&l), 0);
    CHECK_EQUAL(pthread_rwlock_destroy(&l), 0);
    CHECK_EQUAL(pthread_rwlock_destroy(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_rdlock(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_wrlock(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_tryrdlock(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_trywrlock(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_timedrdlock(&l, &now), EINVAL);
    CHECK_EQUAL(pthread_rwlock_timedwrlock(&l, &now), EINVAL);
    CHECK_EQUAL(pthread_rwlock_unlock(&l), EINVAL);
    CHECK_EQUAL(pthread_rwlock_init(&l, NULL), 0);
    CHECK_EQUAL(pthread_rwlock_wrlock(&l), 0);
}

#define FAILS(call, number)         \
    do {                            \
        errno = 0;                  \
        CHECK_EQUAL(call, -1);      \
        CHECK_EQUAL(errno, number); \
    } while (0)

static void semaphores(void) {
    sem_t s;
    int value;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    FAILS(sem_init(&s, 0, 0x80000000u), EINVAL);
    CHECK_EQUAL(sem_init(&s, 0, 0), 0);
    pthread_t t = start(wait_sem, &s);
    let_run();
    FAILS(sem_destroy(&s), EBUSY);
    CHECK_EQUAL(sem_post(&s), 0);
    join(t);
    CHECK_EQUAL(sem_destroy(&s), 0);
    FAILS(sem_destroy(&s), EINVAL);
    FAILS(sem_wait(&s), EINVAL);
    FAILS(sem_trywait(&s), EINVAL);
    FAILS(sem_timedwait(&s, &now), EINVAL);
    FAILS(sem_post(&s), EINVAL);
    FAILS(sem_getvalue(&s, &value), EINVAL);
    CHECK_EQUAL(sem_init(&s, 1, 1), 0);
    CHECK_EQUAL(sem_wait(&s), 0);
}

static void *wait_barrier(void *b) { return (void *)(long)pthread_barrier_wait(b); }

static void barriers(void) {
    pthread_barrier_t b;
    pthread_spinlock_t l;
    CHECK_EQUAL(pthread_barrier_init(&b, NULL, 2), 0);
    pthread_t t = start(wait_barrier, &b);
    let_run();
    CHECK_EQUAL(pthread_barrier_destroy(&b), EBUSY);
    CHECK_EQUAL(pthread_barrier_wait(&b), PTHREAD_BARRIER_SERIAL_THREAD);
    join(t);
    CHECK_EQUAL(pthread_barrier_destroy(&b), 0);
    CHECK_EQUAL(pthread_barrier_destroy(&b), EINVAL);
    CHECK_EQUAL(pthread_barrier_wait(&b), EINVAL);

    for (int shared = 0; shared < 2; shared++) {
        CHECK_EQUAL(pthread_spin_init(&l, shared), 0);
        CHECK_EQUAL(pthread_spin_unlock(&l), EPERM);
        CHECK_EQUAL(pthread_spin_lock(&l), 0);
        CHECK_EQUAL(pthread_spin_destroy(&l), EBUSY);
        CHECK_EQUAL(pthread_spin_trylock(&l), EBUSY);
        CHECK_EQUAL(pthread_spin_unlock(&l), 0);
        CHECK_EQUAL(pthread_spin_destroy(&l), 0);
        CHECK_EQUAL(pthread_spin_destroy(&l), EINVAL);
        CHECK_EQUAL(pthread_spin_lock(&l), EINVAL);
        CHECK_EQUAL(pthread_spin_trylock(&l), EINVAL);
        CHECK_EQUAL(pthread_spin_unlock(&l), EINVAL);
    }
}

static void keys(void) {
    pthread_key_t key;
    CHECK_EQUAL(pthread_key_create(&key, NULL), 0);
    CHECK_EQUAL(pthread_setspecific(key, &key), 0);
    CHECK_EQUAL(pthread_key_delete(key), 0);
    CHECK_EQUAL(pthread_key_delete(key), EINVAL);
    CHECK_EQUAL(pthread_setspecific(key, &key), EINVAL);
    CHECK(!pthread_getspecific(key));
}

int main(void) {
    alarm(60);
    signal(SIGUSR1, SIG_DFL); /* which would end the process */
    for (int i = 0; i < 3; i++) {
        threads();
        mutexes();
        conditions();
        rwlocks(0);
        rwlocks(1);
        semaphores();
        barriers();
        keys();
    }
    return 0;
}
