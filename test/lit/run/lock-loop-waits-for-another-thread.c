/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loops that lock, look and unlock until another thread has changed something, without ever waiting: with native threads the other one
 * runs meanwhile, and so it has to here.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t sem;
static int by_mutex, by_rwlock;
static volatile int by_mask;

static void *changes(void *unused) {
    pthread_mutex_lock(&mutex);
    by_mutex = 1;
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void *changes_rwlock(void *unused) {
    pthread_rwlock_wrlock(&rwlock);
    by_rwlock = 1;
    pthread_rwlock_unlock(&rwlock);
    return unused;
}

static void *posts(void *unused) {
    sem_post(&sem);
    return unused;
}

static void *sets(void *unused) {
    by_mask = 1;
    return unused;
}

int main(void) {
    pthread_t t[4];
    int done = 0;
    sem_init(&sem, 0, 0);
    pthread_create(&t[0], NULL, changes, NULL);
    while (!done) {
        pthread_mutex_lock(&mutex);
        done = by_mutex;
        pthread_mutex_unlock(&mutex);
    }
    printf("mutex\n");
    pthread_create(&t[1], NULL, changes_rwlock, NULL);
    for (done = 0; !done;) {
        pthread_rwlock_rdlock(&rwlock);
        done = by_rwlock;
        pthread_rwlock_unlock(&rwlock);
    }
    printf("rwlock\n");
    pthread_create(&t[2], NULL, posts, NULL);
    while (sem_trywait(&sem) != 0) {
    }
    printf("semaphore\n");
    pthread_create(&t[3], NULL, sets, NULL);
    while (!by_mask) {
        sigset_t set;
        pthread_sigmask(SIG_BLOCK, NULL, &set);
    }
    printf("mask\n");
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    return 0;
}

// CHECK: mutex
// CHECK-NEXT: rwlock
// CHECK-NEXT: semaphore
// CHECK-NEXT: mask
