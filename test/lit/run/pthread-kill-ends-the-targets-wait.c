/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Servers get a thread out of its wait by pthread_kill with a handler that does nothing (Apache's worker its listener, when it
 * stops). The target's call ends with EINTR, those of other threads go on; a handler with SA_RESTART ends poll and not read; a
 * thread that waits for a mutex goes on waiting.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int quiet[2], result[5];
static volatile int ended[5];

static void nothing(int number) { (void)number; }

static int wait_in(long how) {
    struct pollfd p = {.fd = quiet[0], .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    char byte;
    int set;
    switch (how) {
    case 0: return read(quiet[0], &byte, 1) < 0 ? errno : byte;
    case 1: return poll(&p, 1, -1) < 0 ? errno : 0;
    case 2:
        set = epoll_create1(0);
        epoll_ctl(set, EPOLL_CTL_ADD, quiet[0], &event);
        return epoll_wait(set, &event, 1, -1) < 0 ? errno : 0;
    case 3: return usleep(100000000) < 0 ? errno : 0;
    default: return pthread_mutex_lock(&lock);
    }
}

static void *run(void *how) {
    result[(long)how] = wait_in((long)how);
    ended[(long)how] = 1;
    return NULL;
}

static pthread_t start(long how) {
    pthread_t thread;
    ended[how] = 0;
    pthread_create(&thread, NULL, run, (void *)how);
    usleep(20000); /* it waits; were it late, the loops that send would send again */
    return thread;
}

static const char *const names[] = {"read", "poll", "epoll_wait", "usleep", "pthread_mutex_lock"};

int main(void) {
    socketpair(AF_UNIX, SOCK_STREAM, 0, quiet);
    struct sigaction cutting = {.sa_handler = nothing}, restarting = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &cutting, NULL);
    sigaction(SIGUSR1, &restarting, NULL);
    for (long how = 0; how < 4; how++) {
        pthread_t other = start(0), thread = how ? start(how) : other;
        while (!ended[how]) {
            pthread_kill(thread, how == 3 ? SIGUSR1 : SIGHUP); /* SA_RESTART means nothing to a sleep */
            usleep(1000);
        }
        pthread_join(thread, NULL);
        printf("%s: %s", names[how], result[how] == EINTR ? "interrupted" : "not interrupted");
        if (how) {
            printf(", other %s", ended[0] ? "ended" : "waits");
            write(quiet[1], "x", 1);
            pthread_join(other, NULL);
            printf(" for %c", result[0]);
        }
        printf("\n");
    }
    // CHECK: read: interrupted
    // CHECK-NEXT: poll: interrupted, other waits for x
    // CHECK-NEXT: epoll_wait: interrupted, other waits for x
    // CHECK-NEXT: usleep: interrupted, other waits for x

    pthread_t reader = start(0);
    for (int i = 0; i < 5; i++, usleep(1000)) pthread_kill(reader, SIGUSR1);
    write(quiet[1], "y", 1);
    pthread_join(reader, NULL);
    printf("read, SA_RESTART: %c\n", result[0]);
    // CHECK-NEXT: read, SA_RESTART: y

    pthread_mutex_lock(&lock);
    pthread_t locker = start(4);
    for (int i = 0; i < 5; i++, usleep(1000)) pthread_kill(locker, SIGHUP);
    int early = ended[4];
    pthread_mutex_unlock(&lock);
    pthread_join(locker, NULL);
    printf("mutex: %s, %d\n", early ? "ended early" : "waits", result[4]);
    // CHECK-NEXT: mutex: waits, 0
    return 0;
}
