/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Cancellation that races with everything: thousands of threads wait in each kind of wait, with and without deadlines, get signals and
 * are cancelled at any moment. Whatever a thread held it gives back in its cleanup handlers, so that at the end each lock is free,
 * each count is what it was, and each thread was joined as cancelled or as done.
 */
#include <errno.h>
#include <semaphore.h>

#include "stress.h"

#define AT_ONCE 300
#define WAVES 20

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int ends[2];
static long handlers, cancelled, done, signals;

static void count(int number) { (void)number; signals++; }
static void unlock(void *m) { pthread_mutex_unlock(m); handlers++; }
static void unlock_rw(void *l) { pthread_rwlock_unlock(l); }
static void post(void *s) { sem_post(s); }

static void by_cond(uint64_t *r) {
    struct timespec t = stress_soon(CLOCK_REALTIME, r);
    pthread_mutex_lock(&guard);
    pthread_cleanup_push(unlock, &guard);
    if (stress_random(r) % 2)
        pthread_cond_timedwait(&cond, &guard, &t);
    else
        pthread_cond_wait(&cond, &guard);
    pthread_cleanup_pop(1);
}

static void by_mutex(uint64_t *r) {
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    stress_pause(r);
    pthread_testcancel();
    pthread_cleanup_pop(1);
}

static void by_sem(uint64_t *r) {
    if (sem_wait(&sem) != 0) return;
    pthread_cleanup_push(post, &sem);
    stress_pause(r);
    usleep(stress_random(r) % 100);
    pthread_cleanup_pop(1);
}

static void by_rwlock(uint64_t *r) {
    if (stress_random(r) % 3)
        pthread_rwlock_rdlock(&rwlock);
    else
        pthread_rwlock_wrlock(&rwlock);
    pthread_cleanup_push(unlock_rw, &rwlock);
    stress_pause(r);
    pthread_testcancel();
    pthread_cleanup_pop(1);
}

static void *run(void *arg) {
    uint64_t r = stress_state((uint64_t)arg);
    char c;
    for (int i = 0; i < 30; i++) {
        switch (stress_random(&r) % 7) {
        case 0: by_cond(&r); break;
        case 1: by_mutex(&r); break;
        case 2: by_sem(&r); break;
        case 3: by_rwlock(&r); break;
        case 4: (void)!read(ends[0], &c, 1); break;
        case 5: usleep(stress_random(&r) % 500); break;
        default: stress_pause(&r);
        }
    }
    return NULL;
}

static void wave(uint64_t number, uint64_t *r) {
    pthread_t threads[AT_ONCE];
    for (uint64_t i = 0; i < AT_ONCE; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, run, (void *)(number * AT_ONCE + i)), 0);
    for (int i = 0; i < AT_ONCE * 3; i++) {
        pthread_t t = threads[stress_random(r) % AT_ONCE];
        switch (stress_random(r) % 4) {
        case 0: pthread_cancel(t); break;
        case 1: pthread_kill(t, SIGUSR1); break;
        case 2: pthread_cond_signal(&cond); break;
        default: CHECK_EQUAL(write(ends[1], "x", 1), 1);
        }
        stress_pause(r);
    }
    for (int i = 0; i < AT_ONCE; i++) pthread_cancel(threads[i]);
    for (int i = 0; i < AT_ONCE; i++) {
        void *result;
        CHECK_EQUAL(pthread_join(threads[i], &result), 0);
        CHECK(result == NULL || result == PTHREAD_CANCELED);
        if (result)
            cancelled++;
        else
            done++;
    }
    int value;
    CHECK_EQUAL(pthread_mutex_trylock(&mutex), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    CHECK_EQUAL(pthread_mutex_trylock(&guard), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&guard), 0);
    CHECK_EQUAL(pthread_rwlock_trywrlock(&rwlock), 0);
    CHECK_EQUAL(pthread_rwlock_unlock(&rwlock), 0);
    sem_getvalue(&sem, &value);
    CHECK_EQUAL(value, 3);
}

int main(int argc, char **argv) {
    (void)argc;
    stress_begin(argv);
    struct sigaction act = { .sa_handler = count };
    uint64_t r = stress_state(99999999);
    sigaction(SIGUSR1, &act, NULL);
    sem_init(&sem, 0, 3);
    CHECK_EQUAL(pipe(ends), 0);
    for (uint64_t i = 0; i < WAVES; i++) wave(i, &r);
    printf("%ld cancelled, %ld done, %ld handlers, %ld signals\n", cancelled, done, handlers, signals);
    return 0;
}
