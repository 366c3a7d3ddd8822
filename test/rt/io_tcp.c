/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Servers and clients in one process, which deadlocks at once if any accept, connect or read stops the worker: several acceptors
 * on one listener, connections refused, a Unix listener whose queue is full, a listener shared with a forked process, the
 * program's view of the listener's flags, a listener shut down under a waiting accept.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "check.h"

#define CLIENTS 300
#define ACCEPTORS 5

static struct sockaddr_in address;
static int listener;
static int served, refused;

static int listen_tcp(void) {
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 100) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    return fd;
}

static void *serve(void *arg) {
    int fd = (int)(long)arg;
    char c[100];
    ssize_t n;
    while ((n = read(fd, c, sizeof c)) > 0) CHECK_EQUAL(write(fd, c, (size_t)n), n);
    CHECK_EQUAL(n, 0);
    CHECK(close(fd) == 0);
    served++;
    return NULL;
}

static void *acceptor(void *unused) {
    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        int fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
        if (fd < 0) {
            CHECK(errno == EINVAL || errno == EBADF); /* shut down or closed: the end */
            return unused;
        }
        CHECK(peer.sin_family == AF_INET && len == sizeof peer);
        CHECK_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        pthread_t t;
        CHECK_EQUAL(pthread_create(&t, NULL, serve, (void *)(long)fd), 0);
        pthread_detach(t);
    }
}

static void *client(void *arg) {
    long me = (long)arg;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    for (int i = 0; i < 5; i++) {
        long back = -1;
        CHECK_EQUAL(send(fd, &me, sizeof me, 0), sizeof me);
        CHECK_EQUAL(recv(fd, &back, sizeof back, MSG_WAITALL), sizeof back);
        CHECK_EQUAL(back, me);
    }
    close(fd);
    return NULL;
}

static void many(void) {
    static pthread_t t[CLIENTS], a[ACCEPTORS];
    listener = listen_tcp();
    for (int i = 0; i < ACCEPTORS; i++) pthread_create(&a[i], NULL, acceptor, NULL);
    for (long i = 0; i < CLIENTS; i++) pthread_create(&t[i], NULL, client, (void *)i);
    for (int i = 0; i < CLIENTS; i++) pthread_join(t[i], NULL);
    while (served < CLIENTS) sched_yield();
    /* What we may have set, the program must not see; what it sets, it must. */
    CHECK_EQUAL(fcntl(listener, F_GETFL) & O_NONBLOCK, 0);
    shutdown(listener, SHUT_RDWR);
    for (int i = 0; i < ACCEPTORS; i++) pthread_join(a[i], NULL);
    close(listener);
}

/* A reader that has read short must find whatever follows: more bytes, the end, a reset, its own side shut down; whether they come
 * with the bytes, before the next read, or while it waits. */
static void *ending_client(void *arg) {
    unsigned seed = (unsigned)(long)arg * 2654435761u;
    int fd = socket(AF_INET, SOCK_STREAM, 0), how = (int)(long)arg % 4;
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    for (int i = 0; i < 3; i++) {
        seed = seed * 1103515245 + 12345;
        CHECK_EQUAL(send(fd, "123", 3, 0), 3);
        for (unsigned k = seed >> 16 & 3; k; k--) sched_yield();
        if ((seed >> 20 & 7) == 0) usleep(1000);
    }
    if (how == 1) { /* reset */
        struct linger now = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    } else if (how == 2) {
        shutdown(fd, SHUT_WR);
        usleep(2000);
    }
    close(fd);
    return NULL;
}

static int half_open;
static void *shut_later(void *unused) {
    usleep(3000);
    shutdown(half_open, SHUT_RD);
    return unused;
}

static void endings(void) {
    int fd = listen_tcp();
    for (long i = 0; i < 400; i++) {
        pthread_t t;
        char buf[100];
        ssize_t n, total = 0;
        pthread_create(&t, NULL, ending_client, (void *)i);
        int s = accept(fd, NULL, NULL);
        CHECK(s >= 0);
        while ((n = recv(s, buf, sizeof buf, 0)) > 0) {
            total += n;
            if (i % 7 == 0) sched_yield();
        }
        CHECK(i % 4 == 1 ? n == 0 || errno == ECONNRESET : n == 0 && total == 9);
        pthread_join(t, NULL);
        close(s);
    }
    half_open = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t t;
    char buf[10];
    CHECK(connect(half_open, (struct sockaddr *)&address, sizeof address) == 0);
    int s = accept(fd, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(send(s, "ab", 2, 0), 2);
        CHECK_EQUAL(read(half_open, buf, sizeof buf), 2);
        CHECK(recv(half_open, buf, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    }
    pthread_create(&t, NULL, shut_later, NULL);
    CHECK_EQUAL(read(half_open, buf, sizeof buf), 0);
    pthread_join(t, NULL);
    close(half_open);
    close(s);
    close(fd);
}

static void *connect_refused(void *unused) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == -1 && errno == ECONNREFUSED);
    refused++;
    close(fd);
    return unused;
}

static struct sockaddr_un unix_address = {.sun_family = AF_UNIX};

static void *unix_client(void *arg) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&unix_address, sizeof unix_address) == 0);
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQUAL(write(fd, "u", 1), 1);
    close(fd);
    return arg;
}

/* Eight connect to a listener whose queue holds one, before anybody accepts. */
static void full_queue(void) {
    pthread_t t[8];
    snprintf(unix_address.sun_path + 1, 50, "capr-io-tcp-%d", getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&unix_address, sizeof unix_address) == 0 && listen(fd, 0) == 0);
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, unix_client, NULL);
    for (int i = 0; i < 20; i++) sched_yield();
    for (int i = 0; i < 8; i++) {
        char c;
        int s = accept(fd, NULL, NULL);
        CHECK(s >= 0);
        CHECK_EQUAL(read(s, &c, 1), 1);
        close(s);
    }
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
    close(fd);
}

static volatile int ticks;
static volatile int stop_ticks;
static void *ticker(void *unused) {
    while (!stop_ticks) {
        ticks++;
        usleep(1000);
    }
    return unused;
}

static void *accept_loop(void *count) {
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) return NULL;
        CHECK_EQUAL(write(fd, "s", 1), 1);
        close(fd);
        ++*(int *)count;
    }
}

/* Parent and child take from one listener; whoever loses the race for a connection must go on ticking. The parent has waited in
 * accept before it forks, or not, as pre-forking servers do. */
static void shared_listener(int waited) {
    pthread_t a, t;
    int count = 0;
    stop_ticks = 0;
    listener = listen_tcp();
    if (waited) {
        pthread_create(&a, NULL, accept_loop, &count);
        sched_yield();
    }
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(30);
        pthread_create(&t, NULL, ticker, NULL);
        accept_loop(&count);
        _exit(0);
    }
    if (!waited) pthread_create(&a, NULL, accept_loop, &count);
    pthread_create(&t, NULL, ticker, NULL);
    for (int i = 0; i < 300; i++) {
        char c;
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK_EQUAL(read(fd, &c, 1), 1);
        close(fd);
    }
    for (int before = ticks; ticks < before + 5;)
        usleep(1000);
    stop_ticks = 1;
    pthread_join(t, NULL);
    CHECK(kill(child, SIGKILL) == 0);
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
    shutdown(listener, SHUT_RDWR);
    pthread_join(a, NULL);
    close(listener);
}

int main(void) {
    alarm(60);
    many();
    pthread_t t[20];
    for (int i = 0; i < 20; i++) pthread_create(&t[i], NULL, connect_refused, NULL);
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(refused, 20);
    full_queue();
    endings();
    shared_listener(1);
    shared_listener(0);
    return 0;
}
