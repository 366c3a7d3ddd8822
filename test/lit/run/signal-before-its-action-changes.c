// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A timer's signal comes while its thread waits; the thread goes on, stops the timer and sets the default action. The signal came before: its
// handler runs, and it does not end the process. By the main thread, and by another that alone takes the signal.
// RUN: %capcc -O1 %s -o %t -pthread
// RUN: env CAPRICCIO_WORKERS=1 timeout 60 %t
// RUN: env CAPRICCIO_WORKERS=4 timeout 60 %t
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int handled;
static void count(int number) {
    (void)number;
    handled++;
}

/* Long enough in each call that signals come within. */
static void *polls(void *unused) {
    struct pollfd fds[500];
    int ends[2];
    if (pipe(ends)) abort();
    for (int i = 0; i < 500; i++) fds[i] = (struct pollfd){ends[0], POLLIN, 0};
    for (int i = 0; i < 60; i++)
        if (poll(fds, 500, i == 0)) abort();
    close(ends[0]);
    close(ends[1]);
    return unused;
}

static void *rounds(void *unused) {
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    for (int i = 0; i < 200; i++) {
        struct itimerval often = {{0, 60}, {0, 60}}, never = {{0, 0}, {0, 0}};
        pthread_t t;
        signal(SIGALRM, count);
        setitimer(ITIMER_REAL, &often, NULL);
        pthread_sigmask(SIG_BLOCK, &alarms, NULL);
        if (pthread_create(&t, NULL, polls, NULL)) abort();
        pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
        pthread_join(t, NULL);
        setitimer(ITIMER_REAL, &never, NULL);
        signal(SIGALRM, SIG_DFL);
        usleep(1);
    }
    return unused;
}

int main(void) {
    sigset_t alarms;
    pthread_t t;
    rounds(NULL);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    if (pthread_create(&t, NULL, rounds, NULL)) abort();
    pthread_join(t, NULL);
    if (!handled) abort();
    return 0;
}
