/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A connection waits in the listener's backlog until the process has a descriptor for it; who does not want to wait is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static int listener;
static volatile int accepted = -2, error;

static void *accept_one(void *arg) {
    accepted = accept(listener, NULL, NULL);
    error = errno;
    return arg;
}

static int connected(void) {
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    CHECK_EQUAL(getsockname(listener, (struct sockaddr *)&a, &size), 0);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(s >= 0);
    CHECK_EQUAL(connect(s, (struct sockaddr *)&a, sizeof a), 0);
    return s;
}

int main(void) {
    alarm(60);
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &(struct rlimit){40, 40}), 0);
    CHECK((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_EQUAL(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQUAL(listen(listener, 10), 0);
    int clients[2] = {connected(), connected()};
    usleep(1000); /* the worker has the descriptors of its own */
    int first = dup(0), last = first;
    for (int fd; (fd = dup(0)) >= 0;) last = fd;
    CHECK_EQUAL(errno, EMFILE);

    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, accept_one, NULL), 0);
    for (int i = 0; i < 10; i++) usleep(1000);
    CHECK_EQUAL(accepted, -2);
    CHECK_EQUAL(close(last), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    CHECK_EQUAL(accepted, last);

    /* The listener is closed under a thread that waits so. */
    accepted = -2;
    CHECK_EQUAL(pthread_create(&t, NULL, accept_one, NULL), 0);
    for (int i = 0; i < 10; i++) usleep(1000);
    CHECK_EQUAL(accepted, -2);
    int other = dup2(listener, first);
    CHECK_EQUAL(other, first);
    CHECK_EQUAL(close(listener), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    CHECK_EQUAL(accepted, -1);
    CHECK_EQUAL(error, EBADF);

    listener = other;
    CHECK(dup(0) >= 0); /* what close gave back */
    CHECK_EQUAL(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    CHECK_EQUAL(accept(listener, NULL, NULL), -1);
    CHECK_EQUAL(errno, EMFILE);
    close(clients[0]);
    close(clients[1]);
    return 0;
}
