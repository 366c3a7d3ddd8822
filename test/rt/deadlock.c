/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs that are stuck, or look so, chosen by the first argument, for deadlock.sh to read what is said about it. An alarm whose
 * default action ends the process stands for the user's patience.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>

#include "check.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;

#define KEEP __attribute__((noinline))

KEEP static void lock_both(pthread_mutex_t *a, pthread_mutex_t *b) {
    pthread_mutex_lock(a);
    sched_yield();
    pthread_mutex_lock(b);
    __asm__ volatile("");
}

static void *left(void *arg) { lock_both(&first, &second); return arg; }
static void *right(void *arg) { lock_both(&second, &first); return arg; }

static void *never_signalled(void *arg) {
    pthread_mutex_lock(&first);
    pthread_cond_wait(&cond, &first);
    return arg;
}

static void *never_posted(void *arg) { sem_wait(&sem); return arg; }
static void *alone_at_barrier(void *arg) { pthread_barrier_wait(&barrier); return arg; }
static void *reads(void *arg) { pthread_rwlock_rdlock(&rwlock); return arg; }

static void post(int number) { (void)number; sem_post(&sem); }

int main(int argc, char **argv) {
    pthread_t t[5];
    int n = 0;
    const char *what = argc > 1 ? argv[1] : "";
    alarm(2);
    pthread_barrier_init(&barrier, NULL, 2);
    sem_init(&sem, 0, 0);
    if (!strcmp(what, "mutexes")) {
        pthread_create(&t[n++], NULL, left, NULL);
        pthread_create(&t[n++], NULL, right, NULL);
    } else if (!strcmp(what, "itself")) {
        pthread_mutex_lock(&first);
        pthread_mutex_lock(&first);
    } else if (!strcmp(what, "kinds")) {
        pthread_rwlock_wrlock(&rwlock);
        pthread_create(&t[n++], NULL, never_signalled, NULL);
        pthread_create(&t[n++], NULL, alone_at_barrier, NULL);
        pthread_create(&t[n++], NULL, reads, NULL);
        pthread_create(&t[n++], NULL, never_posted, NULL);
    } else if (!strcmp(what, "handler-posts")) { /* not stuck: the alarm's handler ends it */
        signal(SIGALRM, post);
        pthread_create(&t[n++], NULL, never_posted, NULL);
    } else if (!strcmp(what, "signal-waits")) { /* nor this, as far as anybody can tell */
        pause();
    }
    for (int i = 0; i < n; i++) pthread_join(t[i], NULL);
    return 0;
}
