/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A mutex goes from its holder to the one thread that waits for it, whose handlers run meanwhile, while others try to lock it: never are two
 * inside.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=4 timeout 60 %t
 * RUN: env CAPRICCIO_WORKERS=3 timeout 60 %t
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define SECONDS 4

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int inside, stop, handled;
static atomic_long turn;
static long count, each[4];
static pthread_t waiter;

static void handle(int number) { handled += number != 0; }

static void enter(void) {
    assert(atomic_fetch_add(&inside, 1) == 0);
    count++;
}

static void leave(int who) {
    atomic_fetch_sub(&inside, 1);
    each[who]++;
    assert(pthread_mutex_unlock(&mutex) == 0);
}

static void *hold(void *arg) {
    while (!stop) {
        pthread_mutex_lock(&mutex);
        enter();
        turn++;
        for (int i = 0; i < 20; i++) sched_yield();
        for (int i = 0; i < 10; i++) {
            int before = handled;
            pthread_kill(waiter, SIGUSR1);
            for (int k = 0; k < 1000 && handled == before; k++) sched_yield();
        }
        leave(0);
        sched_yield();
    }
    return arg;
}

static void *wait_behind(void *arg) {
    for (long seen = 0; !stop; seen = turn) {
        while (turn == seen && !stop) sched_yield();
        pthread_mutex_lock(&mutex);
        enter();
        leave(1);
    }
    return arg;
}

static void *try_it(void *arg) {
    while (!stop) {
        for (volatile int i = 0; i < 30; i++) continue;
        if (pthread_mutex_trylock(&mutex) != 0) continue;
        enter();
        leave((int)(long)arg);
    }
    return NULL;
}

int main(void) {
    pthread_t holder, tries[2];
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&waiter, NULL, wait_behind, NULL);
    pthread_create(&holder, NULL, hold, NULL);
    for (long i = 0; i < 2; i++) pthread_create(&tries[i], NULL, try_it, (void *)(i + 2));
    sleep(SECONDS);
    stop = 1;
    pthread_join(holder, NULL);
    pthread_join(waiter, NULL);
    for (int i = 0; i < 2; i++) pthread_join(tries[i], NULL);
    assert(count == each[0] + each[1] + each[2] + each[3]);
    return 0;
}
