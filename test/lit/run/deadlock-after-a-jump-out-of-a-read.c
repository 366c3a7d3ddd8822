/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A handler jumps out of a read, and another forks within one: neither leaves behind that somebody waits for a descriptor. What shows it:
 * the deadlock that follows is seen, by the parent and by the child.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout 60 %t 2>&1 | FileCheck %s
 * RUN: env CAPRICCIO_WORKERS=3 timeout 60 %t 2>&1 | FileCheck %s
 */
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf away;
static pid_t child = -1;
static int pipes[2];

static void jump(int number) { siglongjmp(away, number); }

static void do_fork(int number) {
    (void)number;
    child = fork();
    if (child == 0) assert(write(pipes[1], "cp", 2) == 2); /* which ends the read of both */
}

static void finish(int number) { _exit(number == SIGALRM ? 0 : 1); }

static void *lock_twice(void *mutex) {
    pthread_mutex_lock(mutex);
    pthread_mutex_lock(mutex);
    return NULL;
}

static void wait_for_ever(const char *who) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction end = {.sa_handler = finish};
    pthread_t thread;
    dprintf(2, "%s:\n", who);
    sigaction(SIGALRM, &end, NULL);
    alarm(3);
    pthread_create(&thread, NULL, lock_twice, &mutex);
    pthread_join(thread, NULL);
}

int main(void) {
    char c;
    struct sigaction jumps = {.sa_handler = jump}, forks = {.sa_handler = do_fork, .sa_flags = SA_RESTART};
    assert(pipe(pipes) == 0 && sigaction(SIGALRM, &jumps, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        if (sigsetjmp(away, 1) == 0) {
            ualarm(20000, 0);
            (void)!read(pipes[0], &c, 1);
        }
    }
    assert(sigaction(SIGALRM, &forks, NULL) == 0);
    ualarm(20000, 0);
    if (read(pipes[0], &c, 1) == 1) {
        if (child == 0) {
            // CHECK: child:
            // CHECK-NEXT: capriccio: deadlock: all threads wait for one another
            wait_for_ever("child");
        }
    }
    assert(child > 0 && waitpid(child, NULL, 0) == child);
    // CHECK: parent:
    // CHECK-NEXT: capriccio: deadlock: all threads wait for one another
    wait_for_ever("parent");
}
