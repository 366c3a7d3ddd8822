/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counters that are only right if locks exclude: a thousand threads go round after round in step, by a barrier; between two barriers each adds
 * to both counters of a pair under a mutex, a spin lock or a write lock, or compares the pair under a read lock, while a thread
 * sends signals to all of them. At the end of a round the sums are exact.
 */
#include "stress.h"

#define THREADS 1000
#define ROUNDS 12

static pthread_mutex_t mutexes[3];
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static struct { long a, b; } by_mutex[3], by_rwlock, by_spin;
static long added[ROUNDS], seen, handled;
static pthread_t threads[THREADS];
static volatile int stop, rounds_done;

static void count(int number) { (void)number; __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED); }

static void add(long *a, long *b, uint64_t *r) {
    long before = *a;
    stress_pause(r);
    *a = before + 1;
    stress_pause(r);
    *b = *b + 1;
}

static void *run(void *arg) {
    uint64_t r = stress_state((uint64_t)arg);
    int serial = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t what = stress_random(&r) % 8;
        int adds = 1;
        if (what < 3) {
            CHECK_EQUAL(pthread_mutex_lock(&mutexes[what]), 0);
            add(&by_mutex[what].a, &by_mutex[what].b, &r);
            CHECK_EQUAL(pthread_mutex_unlock(&mutexes[what]), 0);
        } else if (what == 3) {
            CHECK_EQUAL(pthread_spin_lock(&spin), 0);
            by_spin.a++;
            sched_yield();
            by_spin.b++;
            CHECK_EQUAL(pthread_spin_unlock(&spin), 0);
        } else if (what == 4) {
            CHECK_EQUAL(pthread_rwlock_wrlock(&rwlock), 0);
            add(&by_rwlock.a, &by_rwlock.b, &r);
            CHECK_EQUAL(pthread_rwlock_unlock(&rwlock), 0);
        } else {
            CHECK_EQUAL(pthread_rwlock_rdlock(&rwlock), 0);
            stress_pause(&r);
            CHECK_EQUAL(by_rwlock.a, by_rwlock.b);
            __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
            CHECK_EQUAL(pthread_rwlock_unlock(&rwlock), 0);
            adds = 0;
        }
        __atomic_add_fetch(&added[round], adds, __ATOMIC_RELAXED);
        int last = pthread_barrier_wait(&barrier);
        if (last == PTHREAD_BARRIER_SERIAL_THREAD) {
            serial++;
            long sum = 0, should = 0;
            for (int i = 0; i < 3; i++) {
                CHECK_EQUAL(by_mutex[i].a, by_mutex[i].b);
                sum += by_mutex[i].a;
            }
            CHECK_EQUAL(by_spin.a, by_spin.b);
            for (int i = 0; i <= round; i++) should += added[i];
            CHECK_EQUAL(sum + by_rwlock.a + by_spin.a, should);
            __atomic_add_fetch(&rounds_done, 1, __ATOMIC_RELAXED);
        } else {
            CHECK_EQUAL(last, 0);
        }
        pthread_barrier_wait(&barrier);
    }
    return (void *)(long)serial;
}

static void *disturb(void *arg) {
    uint64_t r = stress_state(THREADS + 1);
    while (!stop) {
        for (int i = 0; i < 20; i++) pthread_kill(threads[stress_random(&r) % THREADS], SIGUSR1);
        usleep(200);
    }
    return arg;
}

int main(int argc, char **argv) {
    (void)argc;
    stress_begin(argv);
    struct sigaction act = { .sa_handler = count };
    pthread_mutexattr_t attr;
    pthread_t disturber;
    sigaction(SIGUSR1, &act, NULL);
    pthread_mutexattr_init(&attr);
    pthread_mutex_init(&mutexes[0], NULL);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutexes[1], &attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&mutexes[2], &attr);
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, run, (void *)i), 0);
    pthread_create(&disturber, NULL, disturb, NULL);
    /* The disturber may name a thread until it is joined. */
    while (rounds_done < ROUNDS) usleep(1000);
    stop = 1;
    pthread_join(disturber, NULL);
    long serial = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK_EQUAL(pthread_join(threads[i], &result), 0);
        serial += (long)result;
    }
    CHECK_EQUAL(serial, ROUNDS);
    CHECK_EQUAL(pthread_barrier_destroy(&barrier), 0);
    printf("%ld reads agreed, %ld signals\n", seen, handled);
    return 0;
}
