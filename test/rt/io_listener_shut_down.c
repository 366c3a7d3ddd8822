/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * shutdown of a listener that threads wait on in accept: each returns EINVAL, and so does an accept that comes later, on Unix
 * sockets as on TCP ones; with O_NONBLOCK a Unix listener says EAGAIN, as ever. A listener's life before listen() does not count.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

#define WAITERS 3

static int listener;

static void *accept_one(void *unused) {
    (void)unused;
    int fd = accept(listener, NULL, NULL);
    return (void *)(long)(fd < 0 ? -errno : fd);
}

static void shut_down(int family, int how, int peer) {
    struct sockaddr_un un = {.sun_family = AF_UNIX}; /* no path: the kernel picks an abstract name */
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    listener = socket(family, SOCK_STREAM, 0);
    if (family == AF_UNIX)
        CHECK_EQUAL(bind(listener, (struct sockaddr *)&un, sizeof un.sun_family), 0);
    else
        CHECK_EQUAL(bind(listener, (struct sockaddr *)&in, sizeof in), 0);
    struct pollfd p = {listener, POLLIN, 0};
    poll(&p, 1, 1); /* not listening yet: hung up */
    CHECK_EQUAL(listen(listener, 8), 0);

    pthread_t t[WAITERS];
    void *result;
    for (int i = 0; i < WAITERS; i++) pthread_create(&t[i], NULL, accept_one, NULL);
    usleep(10000);
    CHECK_EQUAL(getsockname(listener, (struct sockaddr *)&name, &len), 0);
    CHECK_EQUAL(connect(peer, (struct sockaddr *)&name, len), 0);
    usleep(10000);
    CHECK_EQUAL(shutdown(listener, how), 0);
    int accepted = 0;
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(t[i], &result);
        if ((long)result >= 0) {
            accepted++;
            close((int)(long)result);
        } else {
            CHECK_EQUAL((long)result, -EINVAL);
        }
    }
    CHECK_EQUAL(accepted, 1);
    CHECK_EQUAL((long)accept_one(NULL), -EINVAL);
    CHECK_EQUAL(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    CHECK_EQUAL((long)accept_one(NULL), family == AF_UNIX ? -EAGAIN : -EINVAL);
    close(listener);
    close(peer);
}

int main(void) {
    shut_down(AF_UNIX, SHUT_RDWR, socket(AF_UNIX, SOCK_STREAM, 0));
    shut_down(AF_UNIX, SHUT_RD, socket(AF_UNIX, SOCK_STREAM, 0));
    shut_down(AF_INET, SHUT_RDWR, socket(AF_INET, SOCK_STREAM, 0));
    return 0;
}
