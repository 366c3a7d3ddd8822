/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop with a look that runs in a signal handler which has interrupted a thread, here by a breakpoint: it goes on without any other
 * thread's having run on the same worker. What it waits for comes from a second signal. (A handler that the thread runs as its own code
 * may give way.)
 *
 * REQUIRES: capcc
 * RUN: env CAPRICCIO_WORKERS=1 %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

static volatile sig_atomic_t answered, handled;
static volatile int turns, ran_meanwhile;

static void answers(int number) { answered = number; }

static void waits(int number) {
    struct itimerval soon = {{0, 0}, {0, 5000}};
    int before = turns;
    setitimer(ITIMER_VIRTUAL, &soon, NULL);
    while (!answered) {
    }
    ran_meanwhile = turns - before;
    handled = number;
}

static void *takes_turns(void *unused) {
    while (!handled) {
        turns++;
        sched_yield();
    }
    return unused;
}

int main(void) {
    pthread_t t;
    signal(SIGTRAP, waits);
    signal(SIGVTALRM, answers);
    pthread_create(&t, NULL, takes_turns, NULL);
    while (!turns) sched_yield();
    __asm__ volatile("int3" ::: "memory");
    pthread_join(t, NULL);
    printf("handled %d, turns %d, meanwhile %d\n", handled == SIGTRAP, turns > 0, ran_meanwhile);
    return 0;
}
// CHECK: handled 1, turns 1, meanwhile 0
