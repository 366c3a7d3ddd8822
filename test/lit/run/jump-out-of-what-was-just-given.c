/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread waits for a semaphore, a lock, units of a resource; it is given them, and before it has gone on a signal comes, whose handler jumps
 * away from the wait. Either it has them then, or somebody else gets them: they are not lost. Nor is the turn of one who waits behind it for a
 * mutex.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout 60 %t
 * RUN: env CAPRICCIO_WORKERS=3 timeout 60 %t
 * RUN: env CAPRICCIO_STACK=always CAPRICCIO_WORKERS=1 timeout 60 %t
 */
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <capriccio.h>

#define ROUNDS 30

enum { SEMAPHORE, WRITING, READING, RESOURCE, MUTEX, KINDS };

static sem_t semaphore;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int resource, kind;
static sigjmp_buf away;
static atomic_int got, jumped, over;
static volatile sig_atomic_t may_jump;

static void handle(int number) {
    if (!may_jump) return;
    may_jump = 0;
    siglongjmp(away, number);
}

static void take(void) {
    if (kind == SEMAPHORE) assert(sem_wait(&semaphore) == 0);
    if (kind == WRITING) assert(pthread_rwlock_wrlock(&rwlock) == 0);
    if (kind == READING) assert(pthread_rwlock_rdlock(&rwlock) == 0);
    if (kind == RESOURCE) capr_resource_acquire(resource, 1);
    if (kind == MUTEX) assert(pthread_mutex_lock(&mutex) == 0);
}

static void give(void) {
    if (kind == SEMAPHORE) assert(sem_post(&semaphore) == 0);
    if (kind == WRITING || kind == READING) assert(pthread_rwlock_unlock(&rwlock) == 0);
    if (kind == RESOURCE) capr_resource_release(resource, 1);
    if (kind == MUTEX) assert(pthread_mutex_unlock(&mutex) == 0);
}

static void *wait_for_it(void *arg) {
    if (sigsetjmp(away, 1) == 0) {
        may_jump = 1;
        take();
        may_jump = 0;
        got = 1;
    } else {
        jumped = 1;
    }
    while (!over) usleep(100);
    if (got) give();
    return arg;
}

static void *wait_behind_it(void *arg) {
    take();
    give();
    return arg;
}

int main(void) {
    struct sigaction action = {.sa_handler = handle};
    assert(sigaction(SIGUSR1, &action, NULL) == 0 && sem_init(&semaphore, 0, 0) == 0);
    resource = capr_resource_create("given", 1);
    for (int round = 0; round < ROUNDS * KINDS; round++) {
        pthread_t waiter, behind;
        kind = round % KINDS;
        got = jumped = over = 0;
        if (kind == WRITING || kind == READING) assert(pthread_rwlock_wrlock(&rwlock) == 0);
        if (kind == RESOURCE || kind == MUTEX) take();
        assert(pthread_create(&waiter, NULL, wait_for_it, NULL) == 0);
        usleep(2000); /* it waits */
        if (kind == MUTEX) assert(pthread_create(&behind, NULL, wait_behind_it, NULL) == 0);
        if (kind == MUTEX) usleep(2000);
        give();
        assert(pthread_kill(waiter, SIGUSR1) == 0);
        while (!got && !jumped) usleep(100);
        over = 1;
        assert(pthread_join(waiter, NULL) == 0);
        if (kind == SEMAPHORE) assert(sem_trywait(&semaphore) == 0);
        alarm(20); /* this one waits for ever where what was given is lost */
        if (kind == MUTEX) assert(pthread_join(behind, NULL) == 0);
        if (kind != SEMAPHORE) {
            take();
            give();
        }
        alarm(0);
    }
    return 0;
}
