/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A timer's handler jumps at any moment out of calls that signal handlers may make, as POSIX has it: a write whose reader another thread is, a
 * sleep, a poll. Whatever the call was in the middle of is whole afterwards: every reader reads on, nothing is lost. And where a fault's handler
 * jumps out of select, the next signals are handled.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout -s KILL 60 %t
 * RUN: env CAPRICCIO_WORKERS=2 timeout -s KILL 60 %t
 * RUN: env CAPRICCIO_WORKERS=4 timeout -s KILL 60 %t
 * RUN: env CAPRICCIO_STACK=always CAPRICCIO_WORKERS=1 timeout -s KILL 60 %t
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READERS 8
#define WATCHED 200

static sigjmp_buf away;
static volatile sig_atomic_t armed, handled;

static void jump(int number) {
    handled++;
    if (!armed) return;
    armed = 0;
    siglongjmp(away, number);
}

static void fault(int number) { siglongjmp(away, number); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int ends[READERS][2];
static volatile long got[READERS], sent[READERS], tried[READERS];

static void *reader(void *arg) {
    long k = (long)arg;
    char bytes[64];
    for (;;) {
        struct pollfd p = {ends[k][0], POLLIN, 0};
        if (k & 1) poll(&p, 1, 50);
        ssize_t n = (k & 1) && !p.revents ? 0 : read(ends[k][0], bytes, sizeof bytes);
        if (n > 0) got[k] += n;
    }
    return NULL;
}

static volatile long turn;

/* Writes and sleeps for a second, jumped out of all the time. */
static void writes(void) {
    double until = now() + 1;
    while (now() < until) {
        if (sigsetjmp(away, 1)) continue;
        for (armed = 1; now() < until;) {
            long k = ++turn % READERS;
            tried[k]++;
            if (write(ends[k][1], "x", 1) == 1) sent[k]++;
            if (turn % 64 == 0) usleep(50);
        }
        armed = 0;
    }
    int all = 0;
    for (until = now() + 10; !all && now() < until; usleep(1000)) {
        all = 1;
        for (int k = 0; k < READERS; k++) all &= got[k] >= sent[k] && got[k] <= tried[k];
    }
    for (int k = 0; k < READERS; k++)
        if (got[k] < sent[k] || got[k] > tried[k]) {
            printf("pipe %d: between %ld and %ld sent, %ld got\n", k, sent[k], tried[k], got[k]);
            exit(1);
        }
}

static void polls(void) {
    static struct pollfd fds[WATCHED];
    int quiet[2];
    if (pipe(quiet)) abort();
    for (int i = 0; i < WATCHED; i++) fds[i] = (struct pollfd){quiet[0], POLLIN, 0};
    double until = now() + 1;
    while (now() < until) {
        if (sigsetjmp(away, 1)) continue;
        for (armed = 1; now() < until;)
            if (poll(fds, WATCHED, 1)) abort();
        armed = 0;
    }
}

static void faults(void) {
    int quiet[2];
    fd_set *bad = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bad == MAP_FAILED || pipe(quiet)) abort();
    for (volatile int i = 0; i < 3; i++) {
        struct timeval soon = {0, 1000};
        if (sigsetjmp(away, 1) == 0) select(quiet[0] + 1, bad, NULL, NULL, &soon);
    }
    int before = handled;
    for (double until = now() + 10; handled - before < 5;)
        if (now() > until) {
            printf("no signal after a fault\n");
            exit(1);
        }
}

int main(void) {
    pthread_t t;
    sigset_t alarms;
    struct sigaction action = {.sa_handler = jump};
    struct itimerval often = {{0, 97}, {0, 97}};
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    for (long i = 0; i < READERS; i++)
        if (pipe(ends[i]) || pthread_create(&t, NULL, reader, (void *)i)) abort();
    sigaction(SIGALRM, &action, NULL);
    signal(SIGSEGV, fault);
    signal(SIGBUS, fault);
    setitimer(ITIMER_REAL, &often, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    writes();
    polls();
    faults();
    return 0;
}
