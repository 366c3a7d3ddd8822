/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Barriers in lock step with one serial thread a round, and destroyed by the first that leaves; spin locks held across yields,
 * sleeps and by threads of the same worker.
 */
#include <sched.h>

#include "sync_check.h"

#define THREADS 200
#define ROUNDS 100
static pthread_barrier_t b;
static long arrived[ROUNDS], serials[ROUNDS];

static void *step(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (check_random() % 4 == 0)
            sched_yield();
        else if (check_random() % 64 == 0)
            usleep(10);
        __atomic_add_fetch(&arrived[i], 1, __ATOMIC_RELAXED);
        int result = pthread_barrier_wait(&b);
        CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
        CHECK_INT(arrived[i], THREADS);
        if (result) serials[i]++;
    }
    return NULL;
}

static void test_rounds(void) {
    static pthread_t t[THREADS];
    CHECK_INT(pthread_barrier_init(&b, NULL, 0), EINVAL);
    CHECK_INT(pthread_barrier_init(&b, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(step, NULL);
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
    for (int i = 0; i < ROUNDS; i++) CHECK_INT(serials[i], 1);
    CHECK_INT(pthread_barrier_destroy(&b), 0);
}

static void *meet(void *barrier) {
    return (void *)(intptr_t)pthread_barrier_wait(barrier);
}

static void test_destroy(void) {
    pthread_barrier_t *one = malloc(sizeof(*one));
    CHECK_INT(pthread_barrier_init(one, NULL, 2), 0);
    pthread_t t = check_spawn(meet, one);
    sched_yield();
    CHECK_INT(pthread_barrier_destroy(one), EBUSY);
    CHECK_INT(pthread_barrier_wait(one), PTHREAD_BARRIER_SERIAL_THREAD);
    CHECK_INT(pthread_barrier_destroy(one), 0); /* the other has not run yet */
    memset(one, 0xff, sizeof(*one));
    free(one);
    CHECK_INT((intptr_t)check_join(t), 0);
    CHECK_INT(pthread_barrier_init(&b, NULL, 1), 0);
    CHECK_INT(pthread_barrier_wait(&b), PTHREAD_BARRIER_SERIAL_THREAD);
    CHECK_INT(pthread_barrier_destroy(&b), 0);
}

static pthread_spinlock_t l;
static long count, inside;

static void *spin(void *arg) {
    (void)arg;
    for (int i = 0; i < 100; i++) {
        CHECK_INT(pthread_spin_lock(&l), 0);
        CHECK_INT(inside++, 0);
        long seen = count;
        if (i % 8 == 0)
            sched_yield();
        else if (i % 50 == 1)
            usleep(100);
        count = seen + 1;
        CHECK_INT(--inside, 0);
        CHECK_INT(pthread_spin_unlock(&l), 0);
    }
    return NULL;
}

static void *try(void *arg) {
    (void)arg;
    return (void *)(intptr_t)pthread_spin_trylock(&l);
}

static void test_spin(int shared) {
    pthread_t t[50];
    count = 0;
    CHECK_INT(pthread_spin_init(&l, 2), EINVAL);
    CHECK_INT(pthread_spin_init(&l, shared), 0);
    CHECK_INT(pthread_spin_unlock(&l), EPERM);
    CHECK_INT(pthread_spin_lock(&l), 0);
    if (shared == PTHREAD_PROCESS_PRIVATE) CHECK_INT(pthread_spin_lock(&l), EDEADLK);
    CHECK_INT(pthread_spin_trylock(&l), EBUSY);
    CHECK_INT((intptr_t)check_join(check_spawn(try, NULL)), EBUSY);
    CHECK_INT(pthread_spin_destroy(&l), EBUSY);
    CHECK_INT(pthread_spin_unlock(&l), 0);
    for (int i = 0; i < 50; i++) t[i] = check_spawn(spin, NULL);
    for (int i = 0; i < 50; i++) check_join(t[i]);
    CHECK_INT(count, 5000);
    CHECK_INT(pthread_spin_trylock(&l), 0);
    CHECK_INT(pthread_spin_unlock(&l), 0);
    CHECK_INT(pthread_spin_destroy(&l), 0);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_rounds();
    test_destroy();
    test_spin(PTHREAD_PROCESS_PRIVATE);
    test_spin(PTHREAD_PROCESS_SHARED);
    return 0;
}
