/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A connection of which a receive has just said that it is empty is waited for without asking the kernel again, and an event that ends the
 * wait says what is there: as poll itself would, whatever comes: bytes, an end, a reset, before poll or meanwhile, for one thread or two.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: timeout 100 %t
 * RUN: env CAPRICCIO_WORKERS=1 timeout 100 %t
 * RUN: env CAPRICCIO_WORKERS=4 timeout 100 %t
 * RUN: env CAPRICCIO_STACK=always CAPRICCIO_WORKERS=1 timeout 100 %t
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2], tcp; /* ours, the peer's */

static void connect_pair(void) {
    if (!tcp) {
        assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    } else {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof a;
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        assert(bind(listener, (struct sockaddr *)&a, sizeof a) == 0 && listen(listener, 5) == 0);
        assert(getsockname(listener, (struct sockaddr *)&a, &size) == 0);
        pair[1] = socket(AF_INET, SOCK_STREAM, 0);
        assert(connect(pair[1], (struct sockaddr *)&a, sizeof a) == 0);
        pair[0] = accept(listener, NULL, NULL);
        assert(pair[0] >= 0 && close(listener) == 0);
    }
    assert(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
}

static void find_nothing(void) {
    char c;
    assert(read(pair[0], &c, 1) == -1 && errno == EAGAIN);
}

static int polled(int events, int ms) {
    struct pollfd p = {pair[0], (short)events, 0x7f};
    int r = poll(&p, 1, ms);
    assert(r == (p.revents != 0));
    return p.revents;
}

static void *send_later(void *what) {
    usleep(2000);
    assert(send(pair[1], what, strlen(what), 0) == (ssize_t)strlen(what));
    return NULL;
}

static void *close_later(void *unused) {
    usleep(2000);
    assert(close(pair[1]) == 0);
    return unused;
}

static void *reset_later(void *unused) {
    struct linger at_once = {1, 0};
    usleep(2000);
    assert(setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(pair[1]) == 0);
    return unused;
}

static void *shut_later(void *unused) {
    usleep(2000);
    assert(shutdown(pair[1], SHUT_WR) == 0);
    return unused;
}

static void *shut_ours_later(void *unused) {
    usleep(2000);
    assert(shutdown(pair[0], SHUT_RD) == 0);
    return unused;
}

static pthread_t start(void *(*f)(void *), void *arg) {
    pthread_t t;
    assert(pthread_create(&t, NULL, f, arg) == 0);
    return t;
}

static void *poll_for_it(void *revents) {
    *(int *)revents = polled(POLLIN, 5000);
    return NULL;
}

static void ask(void) {
    char text[10];
    connect_pair();
    for (int i = 0; i < 3; i++) { /* the first time it becomes known to the runtime */
        find_nothing();
        assert(polled(POLLIN, 0) == 0 && polled(POLLIN, 10) == 0 && polled(POLLIN | POLLOUT, 1000) == POLLOUT);
        find_nothing();
        assert(send(pair[1], "a", 1, 0) == 1 && polled(POLLIN, 1000) == POLLIN && polled(POLLIN, 0) == POLLIN);
        assert(read(pair[0], text, sizeof text) == 1);
        find_nothing();
        pthread_t t = start(send_later, "abc");
        assert(polled(POLLIN, 5000) == POLLIN && polled(POLLIN | POLLRDNORM, 5000) == (POLLIN | POLLRDNORM));
        assert(pthread_join(t, NULL) == 0 && read(pair[0], text, 2) == 2 && polled(POLLIN, 5000) == POLLIN && read(pair[0], text, 2) == 1);
        find_nothing();
        t = start(send_later, "x");
        assert(polled(POLLIN | POLLRDNORM, -1) == (POLLIN | POLLRDNORM) && pthread_join(t, NULL) == 0);
        assert(read(pair[0], text, 2) == 1);
    }
    /* Receives that find nothing although there is something, and a list that cannot be read, or written. */
    find_nothing();
    assert(send(pair[1], "z", 1, 0) == 1 && polled(POLLIN, 5000) == POLLIN);
    if (tcp) assert(recv(pair[0], text, 2, MSG_ERRQUEUE) == -1 && errno == EAGAIN && polled(POLLIN, 5000) == POLLIN);
    int offset = 0, none = -1;
    assert(setsockopt(pair[0], SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset) == 0 && recv(pair[0], text, 2, MSG_PEEK) == 1);
    assert(recv(pair[0], text, 2, MSG_PEEK) == -1 && errno == EAGAIN && polled(POLLIN, 5000) == POLLIN);
    assert(setsockopt(pair[0], SOL_SOCKET, SO_PEEK_OFF, &none, sizeof none) == 0 && read(pair[0], text, 2) == 1);
    find_nothing();
    struct pollfd *list = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *list = (struct pollfd){pair[0], POLLIN, 0};
    assert(mprotect(list, 4096, PROT_READ) == 0 && poll(list, 1, 10) == -1 && errno == EFAULT);
    assert(mprotect(list, 4096, PROT_NONE) == 0 && poll(list, 1, 10) == -1 && errno == EFAULT && munmap(list, 4096) == 0);
    /* Two that wait are both told, and nobody takes it in between. */
    int seen[2];
    find_nothing();
    pthread_t t[2] = {start(poll_for_it, &seen[0]), start(poll_for_it, &seen[1])}, sender = start(send_later, "y");
    assert(pthread_join(t[0], NULL) == 0 && pthread_join(t[1], NULL) == 0 && pthread_join(sender, NULL) == 0);
    assert(seen[0] == POLLIN && seen[1] == POLLIN && read(pair[0], text, 2) == 1);
    /* Ends. */
    find_nothing();
    sender = start(shut_later, NULL);
    assert(polled(POLLIN | POLLRDHUP, 5000) == (POLLIN | POLLRDHUP) && polled(POLLIN, 5000) == POLLIN && pthread_join(sender, NULL) == 0);
    assert(read(pair[0], text, 2) == 0 && polled(POLLIN, 5000) == POLLIN);
    close(pair[0]);
    close(pair[1]);

    connect_pair();
    find_nothing();
    sender = start(close_later, NULL);
    int told = polled(POLLIN, 5000);
    assert(told == (tcp ? POLLIN : POLLIN | POLLHUP) && pthread_join(sender, NULL) == 0 && polled(POLLIN, 5000) == told);
    assert(read(pair[0], text, 2) == 0);
    fd_set urgent;
    struct timeval time = {0, 20000};
    FD_ZERO(&urgent);
    FD_SET(pair[0], &urgent);
    assert(select(pair[0] + 1, NULL, NULL, &urgent, &time) == 0 && time.tv_sec == 0 && time.tv_usec == 0); /* an end is nothing urgent */
    close(pair[0]);

    connect_pair();
    find_nothing();
    sender = start(shut_ours_later, NULL);
    assert(polled(POLLIN, 5000) == POLLIN && pthread_join(sender, NULL) == 0 && read(pair[0], text, 2) == 0);
    close(pair[0]);
    close(pair[1]);
    if (!tcp) return;

    connect_pair();
    find_nothing();
    sender = start(reset_later, NULL);
    assert(polled(POLLIN, 5000) == (POLLIN | POLLERR | POLLHUP) && pthread_join(sender, NULL) == 0);
    assert(read(pair[0], text, 2) == -1 && errno == ECONNRESET);
    close(pair[0]);
}

int main(void) {
    for (int i = 0; i < 30; i++) {
        tcp = i % 2;
        ask();
    }
    return 0;
}
