/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Cancelling threads in every kind of I/O wait: each ends as cancelled, leaves nothing behind that a later event would wake, and
 * does not keep what was meant for another: bytes that woke a thread just as it was cancelled go to the next one.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "check.h"

#define KINDS 11

static int pair[2], full[2], listener;
static volatile int started, cleaned;
static void clean(void *arg) { cleaned += *(int *)arg; }

static void wait_somehow(long kind) {
    char c[8];
    struct iovec iov = {c, 8};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct pollfd list[2] = {{pair[0], POLLIN, 0}, {listener, POLLIN, 0}};
    fd_set set;
    sigset_t signals;
    switch (kind) {
    case 0:
        read(pair[0], c, 1);
        break;
    case 1:
        recv(pair[0], c, 8, MSG_WAITALL);
        break;
    case 2:
        readv(pair[0], &iov, 1);
        break;
    case 3:
        recvmsg(pair[0], &msg, 0);
        break;
    case 4:
        write(full[1], c, 8);
        break;
    case 5:
        accept(listener, NULL, NULL);
        break;
    case 6:
        poll(list, 1, -1);
        break;
    case 7:
        poll(list, 2, 100000);
        break;
    case 8:
        FD_ZERO(&set);
        FD_SET(pair[0], &set);
        select(pair[0] + 1, &set, NULL, NULL, NULL);
        break;
    case 9:
        sigemptyset(&signals);
        sigaddset(&signals, SIGUSR2);
        sigwait(&signals, (int *)c);
        break;
    default:
        pause();
        break;
    }
}

static void *waiter(void *kind) {
    int one = 1;
    pthread_cleanup_push(clean, &one);
    started++;
    wait_somehow((long)kind);
    pthread_cleanup_pop(0);
    return NULL;
}

static void every_kind(void) {
    for (int round = 0; round < 20; round++)
        for (long kind = 0; kind < KINDS; kind++) {
            pthread_t t;
            void *result = NULL;
            int before = cleaned;
            started = 0;
            pthread_create(&t, NULL, waiter, (void *)kind);
            if (round & 1) /* half of the time it waits already */
                while (!started) sched_yield();
            pthread_cancel(t);
            CHECK_EQUAL(pthread_join(t, &result), 0);
            CHECK(result == PTHREAD_CANCELED);
            CHECK_EQUAL(cleaned, before + started);
        }
}

static int ends[2];
static int got;
static void *read_one(void *unused) {
    char c;
    CHECK_EQUAL(read(ends[0], &c, 1), 1);
    got++;
    return unused;
}

/* A byte comes, and before the woken thread runs it is cancelled: the other one gets the byte. */
static void handed_on(void) {
    for (int i = 0; i < 50; i++) {
        pthread_t t[2];
        void *r[2];
        CHECK(pipe(ends) == 0);
        got = 0;
        for (int k = 0; k < 2; k++) {
            pthread_create(&t[k], NULL, read_one, NULL);
            sched_yield();
        }
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        struct pollfd p = {ends[0], POLLIN, 0};
        if (i & 1)
            poll(&p, 1, 0);
        else
            usleep(100);
        pthread_cancel(t[i / 2 % 2]);
        pthread_join(t[i / 2 % 2], &r[0]);
        if (r[0] == PTHREAD_CANCELED) {
            pthread_join(t[1 - i / 2 % 2], &r[1]); /* hangs if the byte was lost */
            CHECK(r[1] != PTHREAD_CANCELED);
        } else { /* had it already */
            CHECK_EQUAL(write(ends[1], "y", 1), 1);
            pthread_join(t[1 - i / 2 % 2], &r[1]);
        }
        CHECK_EQUAL(got, r[0] == PTHREAD_CANCELED ? 1 : 2);
        close(ends[0]);
        close(ends[1]);
    }
}

int main(void) {
    char c[4096];
    sigset_t signals;
    alarm(60);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, full) == 0);
    memset(c, 'f', sizeof c);
    while (send(full[1], c, sizeof c, MSG_DONTWAIT) > 0) {
    }
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listen(listener, 5) == 0);
    every_kind();
    handed_on();
    /* What the cancelled ones left behind wakes nobody and hides nothing. */
    CHECK_EQUAL(write(pair[1], "z", 1), 1);
    struct pollfd p = {pair[0], POLLIN, 0};
    CHECK_EQUAL(poll(&p, 1, 1000), 1);
    CHECK_EQUAL(read(pair[0], c, 5), 1);
    return 0;
}
