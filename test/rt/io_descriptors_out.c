/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * When there is no descriptor left: waits work without an epoll set, calls say EMFILE, and all goes on when some come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "check.h"

static void *echo(void *fd) {
    char c;
    while (read((int)(long)fd, &c, 1) == 1) CHECK_EQUAL(write((int)(long)fd, &c, 1), 1);
    return NULL;
}

static void *signal_process(void *unused) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    usleep(10000);
    kill(getpid(), SIGUSR1);
    return unused;
}

static void *signal_thread(void *thread) {
    usleep(10000);
    pthread_kill((pthread_t)thread, SIGUSR1);
    return NULL;
}

int main(void) {
    int s[2], p[2], spare[64], n = 0;
    pthread_t t;
    alarm(60);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
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
    /* So do waits for signals, which go by a descriptor otherwise. */
    int number = 0;
    struct timespec soon = {0, 10000000};
    CHECK(sigtimedwait(&set, NULL, &soon) == -1 && errno == EAGAIN);
    pthread_t k;
    for (int kind = 0; kind < 2; kind++) {
        pthread_create(&k, NULL, kind ? signal_thread : signal_process, (void *)pthread_self());
        CHECK_EQUAL(sigwait(&set, &number), 0);
        CHECK_EQUAL(number, SIGUSR1);
        pthread_join(k, NULL);
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
