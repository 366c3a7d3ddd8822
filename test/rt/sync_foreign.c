/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Kernel threads that libc made and no worker runs, as for SIGEV_THREAD: their mutexes exclude each other, a user-level thread
 * waits for one of theirs while others run, and what does not apply to them answers instead of crashing.
 */
#include <dlfcn.h>
#include <sched.h>
#include <semaphore.h>

#include "sync_check.h"

static int (*native_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static int (*native_join)(pthread_t, void **);

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
                       check = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP, held = PTHREAD_MUTEX_INITIALIZER;
static volatile long count, holding;

static void *contend(void *arg) {
    for (int i = 0; i < 20000; i++) {
        CHECK_INT(pthread_mutex_lock(&m), 0);
        count = count + 1;
        CHECK_INT(pthread_mutex_unlock(&m), 0);
    }
    return arg;
}

static void test_exclusion(void) {
    pthread_t t[3];
    void *result;
    for (long i = 0; i < 3; i++) CHECK_INT(native_create(&t[i], NULL, contend, (void *)i), 0);
    for (long i = 0; i < 3; i++) {
        CHECK_INT(native_join(t[i], &result), 0);
        CHECK_INT((long)result, i);
    }
    CHECK_INT(count, 60000);
}

static pthread_key_t key;
static sem_t s;

static void *answers(void *arg) {
    int old;
    struct timespec soon = check_in(CLOCK_REALTIME, 5);
    pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
    CHECK(pthread_equal(pthread_self(), pthread_self()));
    for (int i = 0; i < 3; i++) CHECK_INT(pthread_mutex_lock(&recursive), 0);
    for (int i = 0; i < 3; i++) CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), EPERM);
    CHECK_INT(pthread_mutex_lock(&check), 0);
    CHECK_INT(pthread_mutex_lock(&check), EDEADLK);
    CHECK_INT(pthread_mutex_trylock(&check), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&check), 0);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    CHECK_INT(pthread_mutex_timedlock(&m, &soon), ETIMEDOUT);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    CHECK_INT(pthread_rwlock_rdlock(&l), ENOTSUP);
    CHECK(pthread_getspecific(key) == NULL);
    CHECK_INT(pthread_setspecific(key, arg), 0);
    CHECK(pthread_getspecific(key) == arg);
    CHECK_INT(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
    CHECK_INT(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old), 0);
    pthread_testcancel();
    double start = check_ms();
    CHECK_INT(usleep(5000), 0);
    CHECK_INT(sched_yield(), 0);
    CHECK(check_ms() - start >= 4.9);
    soon = check_in(CLOCK_REALTIME, 5);
    CHECK_ERRNO(sem_timedwait(&s, &soon), ETIMEDOUT);
    CHECK_INT(sem_post(&s), 0);
    CHECK_INT(sem_wait(&s), 0);
    return arg;
}

static volatile long ticks, enough;

/* Holds the mutex until the main thread has seen all refusals and, blocked on the mutex, has let another thread run. */
static void *hold(void *arg) {
    CHECK_INT(pthread_mutex_lock(&held), 0);
    holding = 1;
    while (!enough || ticks < enough) CHECK_INT(usleep(1000), 0);
    CHECK_INT(pthread_mutex_unlock(&held), 0);
    return arg;
}

static void *tick(void *arg) {
    for (;;) {
        ticks++;
        usleep(1000);
    }
    return arg;
}

static void test_waiting_for_one(void) {
    pthread_t native, ticker = check_spawn(tick, NULL);
    CHECK_INT(native_create(&native, NULL, hold, NULL), 0);
    while (!holding) usleep(100);
    struct timespec soon = check_in(CLOCK_REALTIME, 3);
    CHECK_INT(pthread_mutex_trylock(&held), EBUSY);
    CHECK_INT(pthread_mutex_timedlock(&held, &soon), ETIMEDOUT);
    enough = ticks + 5;
    CHECK_INT(pthread_mutex_lock(&held), 0);
    CHECK(ticks >= enough);
    CHECK_INT(pthread_mutex_unlock(&held), 0);
    CHECK_INT(native_join(native, NULL), 0);
    CHECK_INT(pthread_cancel(ticker), 0);
    CHECK(check_join(ticker) == PTHREAD_CANCELED);
}

int main(int argc, char **argv) {
    pthread_t t;
    void *result;
    check_start(argc, argv, 60);
    native_create = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    native_join = (int (*)(pthread_t, void **))dlsym(RTLD_NEXT, "pthread_join");
    CHECK(native_create && native_join);
    CHECK_INT(pthread_key_create(&key, NULL), 0);
    CHECK_INT(sem_init(&s, 0, 0), 0);
    test_exclusion();
    CHECK_INT(native_create(&t, NULL, answers, &key), 0);
    CHECK_INT(native_join(t, &result), 0);
    CHECK(result == &key);
    test_waiting_for_one();
    return 0;
}
