/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * poll, ppoll, select, pselect, and epoll_wait on a set of the program's own, each waiting while other threads run and bring about
 * what is waited for; timeouts; many descriptors; descriptors closed meanwhile; the sets and the rest of the time as Linux
 * writes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include "check.h"

#define MANY 300

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *write_later(void *fd) {
    usleep(20000);
    CHECK_EQUAL(write((int)(long)fd, "x", 1), 1);
    return NULL;
}

static void *close_later(void *fd) {
    usleep(20000);
    close((int)(long)fd);
    return NULL;
}

static pthread_t start(void *(*f)(void *), int fd) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, f, (void *)(long)fd), 0);
    return t;
}

static void polls(void) {
    int p[2];
    char c;
    CHECK(pipe(p) == 0);
    struct pollfd one = {p[0], POLLIN, 0};
    long before = now_ms();
    CHECK_EQUAL(poll(&one, 1, 0), 0);
    CHECK_EQUAL(poll(&one, 1, 30), 0);
    CHECK(now_ms() - before >= 29);
    CHECK_EQUAL(poll(NULL, 0, 10), 0);
    pthread_t t = start(write_later, p[1]);
    CHECK_EQUAL(poll(&one, 1, -1), 1);
    CHECK_EQUAL(one.revents, POLLIN);
    pthread_join(t, NULL);
    CHECK_EQUAL(read(p[0], &c, 1), 1);

    struct pollfd two[4] = {{p[0], POLLIN, 0}, {-1, POLLIN, 0}, {p[1], POLLOUT, 0}, {9999, POLLIN, 0}};
    CHECK_EQUAL(poll(two, 3, -1), 1);
    CHECK(two[0].revents == 0 && two[1].revents == 0 && two[2].revents == POLLOUT);
    CHECK_EQUAL(poll(two, 4, -1), 2);
    CHECK_EQUAL(two[3].revents, POLLNVAL);

    t = start(close_later, p[1]);
    CHECK_EQUAL(poll(two, 2, -1), 1);
    CHECK_EQUAL(two[0].revents, POLLHUP);
    pthread_join(t, NULL);
    close(p[0]);

    /* The descriptor itself is closed: the wait ends. */
    CHECK(pipe(p) == 0);
    two[0] = (struct pollfd){p[0], POLLIN, 0};
    t = start(close_later, p[0]);
    CHECK_EQUAL(poll(two, 2, -1), 1);
    CHECK_EQUAL(two[0].revents, POLLNVAL);
    pthread_join(t, NULL);
    close(p[1]);
}

static void many_descriptors(void) {
    static int p[MANY][2];
    static struct pollfd list[MANY];
    char c;
    for (int i = 0; i < MANY; i++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p[i]) == 0);
        list[i] = (struct pollfd){p[i][0], POLLIN, 0};
    }
    for (int i = 0; i < MANY; i += 59) {
        pthread_t t = start(write_later, p[i][1]);
        CHECK_EQUAL(poll(list, MANY, 5000), 1);
        CHECK_EQUAL(list[i].revents, POLLIN);
        CHECK_EQUAL(read(p[i][0], &c, 1), 1);
        pthread_join(t, NULL);
    }
    for (int i = 0; i < MANY; i++) close(p[i][0]), close(p[i][1]);
}

static void selects(void) {
    int p[2];
    char c;
    CHECK(pipe(p) == 0);
    fd_set r, w;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r);
    struct timeval tv = {0, 30000};
    long before = now_ms();
    CHECK_EQUAL(select(p[0] + 1, &r, NULL, NULL, &tv), 0);
    CHECK(now_ms() - before >= 29 && tv.tv_sec == 0 && tv.tv_usec == 0 && !FD_ISSET(p[0], &r));
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    tv = (struct timeval){5, 0};
    CHECK_EQUAL(select(p[1] + 1, &r, &w, NULL, &tv), 1);
    CHECK(!FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w) && tv.tv_sec == 4);
    FD_SET(p[0], &r);
    pthread_t t = start(write_later, p[1]);
    tv = (struct timeval){5, 0};
    CHECK_EQUAL(select(p[1] + 1, &r, NULL, NULL, &tv), 1);
    CHECK(FD_ISSET(p[0], &r) && tv.tv_sec == 4 && tv.tv_usec < 990000);
    pthread_join(t, NULL);
    CHECK_EQUAL(read(p[0], &c, 1), 1);
    /* The set of what has an exception is written last. */
    FD_ZERO(&w);
    FD_SET(p[1], &w);
    CHECK_EQUAL(select(p[1] + 1, NULL, &w, &w, NULL), 1);
    CHECK(!FD_ISSET(p[1], &w));
    close(p[0]), close(p[1]);
    FD_SET(p[0], &r);
    CHECK(select(p[0] + 1, &r, NULL, NULL, NULL) == -1 && errno == EBADF);
    CHECK(select(-1, NULL, NULL, NULL, NULL) == -1 && errno == EINVAL);
    tv = (struct timeval){0, -1};
    CHECK(select(0, NULL, NULL, NULL, &tv) == -1 && errno == EINVAL);
}

static volatile sig_atomic_t handled;
static void count(int number) { handled += number == SIGUSR1; }

static void *signal_later(void *unused) {
    usleep(20000);
    kill(getpid(), SIGUSR1);
    return unused;
}

/* A signal that was blocked until the call: no gap between the mask and the wait. */
static void masks(void) {
    struct sigaction act = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigset_t block, none;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigaction(SIGUSR1, &act, NULL);
    pthread_sigmask(SIG_BLOCK, &block, NULL);
    kill(getpid(), SIGUSR1);
    CHECK_EQUAL(handled, 0);
    struct timespec long_time = {20, 0};
    CHECK(ppoll(NULL, 0, &long_time, &none) == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 1);
    kill(getpid(), SIGUSR1);
    CHECK(pselect(0, NULL, NULL, NULL, &long_time, &none) == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 2);
    /* Comes while the wait is on. */
    pthread_t t;
    pthread_create(&t, NULL, signal_later, NULL);
    CHECK(ppoll(NULL, 0, &long_time, &none) == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 3);
    pthread_join(t, NULL);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    CHECK(sigismember(&mask, SIGUSR1));
    pthread_sigmask(SIG_UNBLOCK, &block, NULL);
}

static void own_epoll(void) {
    int p[2], set = epoll_create1(0), events = eventfd(0, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    uint64_t value;
    CHECK(pipe(p) == 0);
    struct epoll_event e = {EPOLLIN, {.fd = p[0]}}, got[4];
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, p[0], &e) == 0);
    CHECK_EQUAL(epoll_wait(set, got, 4, 0), 0);
    CHECK_EQUAL(epoll_wait(set, got, 4, 20), 0);
    for (int i = 0; i < 3; i++) { /* level-triggered: not read, it is ready again */
        pthread_t t = start(write_later, p[1]);
        CHECK_EQUAL(epoll_wait(set, got, 4, -1), 1);
        CHECK(got[0].data.fd == p[0] && got[0].events == EPOLLIN);
        CHECK_EQUAL(epoll_wait(set, got, 4, -1), 1);
        pthread_join(t, NULL);
        char c[8];
        CHECK(read(p[0], c, 8) > 0);
    }
    struct itimerspec soon = {.it_value = {0, 20000000}};
    CHECK(timerfd_settime(timer, 0, &soon, NULL) == 0);
    CHECK_EQUAL(read(timer, &value, 8), 8);
    CHECK_EQUAL(value, 1);
    value = 7;
    CHECK_EQUAL(write(events, &value, 8), 8);
    value = 0;
    CHECK_EQUAL(read(events, &value, 8), 8);
    CHECK_EQUAL(value, 7);
    close(set), close(p[0]), close(p[1]), close(events), close(timer);
}

int main(void) {
    alarm(60);
    polls();
    many_descriptors();
    selects();
    masks();
    own_epoll();
    return 0;
}
