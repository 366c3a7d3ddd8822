/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An alarm whose handler jumps out of calls on files, which kernel threads make meanwhile: they have ended before the frames that they write to
 * are others'. In the main thread and in another.
 *
 * RUN: %capcc -O2 -w %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout 60 %t %t.dir
 * RUN: env CAPRICCIO_WORKERS=2 timeout 60 %t %t.dir
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "Inputs/look-below.h"

#define ROUNDS 400

static sigjmp_buf away;
static volatile sig_atomic_t may_jump;
static char block[1 << 18];
static int file;

static void jump(int number) {
    if (!may_jump) return;
    may_jump = 0;
    siglongjmp(away, number);
}

static void *idle(void *arg) {
    for (;;) sleep(1);
}

static void *work(void *arg) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    for (volatile int round = 0; round < ROUNDS; round++) {
        if (sigsetjmp(away, 1) == 0) {
            struct stat st;
            may_jump = 1;
            if (round & 1) {
                pwrite(file, block, sizeof block, 0);
                fdatasync(file);
            } else {
                stat("none", &st);
                rename("a", "b");
                rename("b", "a");
                int made = open("new", O_RDWR | O_CREAT, 0600);
                may_jump = 0;
                close(made);
                may_jump = 1;
                unlink("new");
            }
            may_jump = 0;
        }
        look_below();
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return arg;
}

int main(int count, char **words) {
    pthread_t other, worker;
    sigset_t set;
    struct itimerval often = {{0, 1300}, {0, 1300}};
    struct sigaction action = {.sa_handler = jump, .sa_flags = SA_RESTART};
    mkdir(words[1], 0700);
    assert(count == 2 && chdir(words[1]) == 0);
    file = open("a", O_RDWR | O_CREAT, 0600);
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&other, NULL, idle, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    work(NULL);
    pthread_create(&worker, NULL, work, NULL);
    return pthread_join(worker, NULL);
}
