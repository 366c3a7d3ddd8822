/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * When there is no descriptor left: waits work without an epoll set, calls say EMFILE, and all goes on when some come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "check.h"

static void *echo(void *fd) {
    char c;
    while (read((int)(long)fd, &c, 1) == 1) CHECK_EQUAL(write((int)(long)fd, &c, 1), 1);
    return NULL;
}

int main(void) {
    int s[2], p[2], spare[64], n = 0;
    pthread_t t;
    alarm(60);
    struct rlimit limit = {32, 32};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(p) == 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while ((spare[n] = dup(0)) >= 0) n++;
    CHECK_EQUAL(errno, EMFILE);
    CHECK(pipe(p) == -1 && errno == EMFILE);

    pthread_create(&t, NULL, echo, (void *)(long)s[0]);
    for (int i = 0; i < 20; i++) {
        char c = (char)i;
        CHECK_EQUAL(write(s[1], &c, 1), 1);
        struct pollfd wait = {s[1], POLLIN, 0};
        CHECK_EQUAL(poll(&wait, 1, 1000), 1);
        CHECK_EQUAL(read(s[1], &c, 1), 1);
        CHECK_EQUAL(c, i);
    }
    while (n > 0) close(spare[--n]);
    for (int i = 0; i < 1000; i++) {
        char c = (char)i;
        CHECK_EQUAL(write(s[1], &c, 1), 1);
        CHECK_EQUAL(read(s[1], &c, 1), 1);
        CHECK_EQUAL(c, (char)i);
    }
    shutdown(s[1], SHUT_WR);
    pthread_join(t, NULL);

    /* A connection is there, but no number for it: accept says so, and takes it later. */
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listen(listener, 5) == 0 && getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    while ((spare[n] = dup(0)) >= 0) n++;
    CHECK(accept(listener, NULL, NULL) == -1 && errno == EMFILE);
    close(spare[--n]);
    CHECK(accept(listener, NULL, NULL) >= 0);
    return 0;
}
