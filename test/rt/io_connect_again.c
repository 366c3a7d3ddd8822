/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * connect more than once on one TCP socket: after a refusal each try is a new one, on a connected socket it is EISCONN, and one that
 * SO_SNDTIMEO ended goes on in the background. Two threads that wait for the same connection both learn how it ended; a shutdown
 * under a waiting connect ends it and begins nothing.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "check.h"

static struct sockaddr_in address;
static int fd;

static int stream(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(s >= 0);
    return s;
}

/* Bound, so that nobody else gets the port, but not listening. */
static int bound(void) {
    socklen_t len = sizeof address;
    int s = stream();
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CHECK(bind(s, (struct sockaddr *)&address, sizeof address) == 0 && getsockname(s, (struct sockaddr *)&address, &len) == 0);
    return s;
}

static int try(int s) { return connect(s, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno; }

static void refused_then_accepted(void) {
    int listener = bound(), s = stream();
    for (int i = 0; i < 4; i++) CHECK_EQUAL(try(s), ECONNREFUSED);
    CHECK_EQUAL(listen(listener, 5), 0);
    CHECK_EQUAL(try(s), 0);
    CHECK_EQUAL(try(s), EISCONN);
    CHECK_EQUAL(try(s), EISCONN);
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    CHECK_EQUAL(connect(s, &nobody, sizeof nobody), 0);
    CHECK_EQUAL(try(s), 0);
    CHECK_EQUAL(try(s), EISCONN);
    close(s), close(listener);
}

/* A listener whose queue is full: what connects to it next waits until there is room. */
static int full_listener(int *queued) {
    int listener = bound();
    CHECK_EQUAL(listen(listener, 0), 0);
    *queued = stream();
    CHECK_EQUAL(try(*queued), 0);
    return listener;
}

static void *connect_shared(void *unused) {
    (void)unused;
    return (void *)(long)try(fd);
}

static void timed_out(void) {
    int queued, listener = full_listener(&queued);
    struct timeval timeout = {0, 50000};
    fd = stream();
    CHECK_EQUAL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout), 0);
    CHECK_EQUAL(try(fd), EINPROGRESS);
    CHECK_EQUAL(try(fd), EALREADY);
    CHECK_EQUAL(try(fd), EALREADY);
    CHECK(accept(listener, NULL, NULL) >= 0);
    timeout.tv_sec = 20; /* the SYN is sent anew a second after the first */
    CHECK_EQUAL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout), 0);
    CHECK_EQUAL(try(fd), 0);
    CHECK_EQUAL(try(fd), EISCONN);
    close(fd), close(queued), close(listener);
}

/* Two threads that wait for one connect; returns the listener that keeps them waiting. */
static int let_two_wait(pthread_t t[2], int *queued) {
    int listener = full_listener(queued);
    fd = stream();
    for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, connect_shared, NULL);
    usleep(20000);
    return listener;
}

static void two_wait(void) {
    pthread_t t[2];
    void *result;
    int queued, listener = let_two_wait(t, &queued);
    CHECK(accept(listener, NULL, NULL) >= 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], &result);
        CHECK_EQUAL((long)result, 0);
    }
    CHECK_EQUAL(try(fd), EISCONN);
    close(fd), close(queued), close(listener);
}

static void shut_down(void) {
    pthread_t t[2];
    void *result;
    int queued, listener = let_two_wait(t, &queued);
    CHECK_EQUAL(shutdown(fd, SHUT_RDWR), 0);
    for (int i = 0; i < 2; i++) { /* with which error is the kernel's to say */
        pthread_join(t[i], &result);
        CHECK((long)result > 0);
    }
    close(fd), close(queued), close(listener);
}

int main(void) {
    alarm(60);
    refused_then_accepted();
    timed_out();
    two_wait();
    shut_down();
    return 0;
}
