/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Descriptor numbers and their pasts: close wakes those who wait, a number that is used again knows nothing of before, dup and
 * dup2 share what they share and end the waits of what they replace, descriptors that libc makes and closes by itself, one that
 * a peer passes, close of everything.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "check.h"

static void *read_one(void *fd) {
    char c;
    ssize_t n = read((int)(long)fd, &c, 1);
    return (void *)(long)(n == 1 ? c : n == 0 ? -1000 : -errno);
}

static pthread_t reader(int fd) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, read_one, (void *)(long)fd), 0);
    sched_yield();
    return t;
}

static long result(pthread_t t) {
    void *r;
    CHECK_EQUAL(pthread_join(t, &r), 0);
    return (long)r;
}

static void closing(void) {
    int a[2], b[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, a) == 0);
    pthread_t t[3] = {reader(a[0]), reader(a[0]), reader(a[0])};
    CHECK(close(a[0]) == 0);
    /* The number at once stands for another; the sleepers must not read from it. */
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, b) == 0);
    CHECK_EQUAL(b[0], a[0]);
    CHECK_EQUAL(write(b[1], "b", 1), 1);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(result(t[i]), -EBADF);
    CHECK_EQUAL(result(reader(b[0])), 'b');
    pthread_t u = reader(b[0]);
    CHECK_EQUAL(write(b[1], "c", 1), 1);
    CHECK_EQUAL(result(u), 'c');
    close(a[1]), close(b[0]), close(b[1]);
}

static void reuse(void) {
    /* One number after the other for pipes, sockets and files; each time somebody waits. */
    for (int i = 0; i < 200; i++) {
        int p[2];
        if (i % 3 == 2) {
            int fd = open("/dev/null", O_RDONLY);
            CHECK_EQUAL(result(reader(fd)), -1000);
            close(fd);
            continue;
        }
        CHECK(i % 3 ? pipe(p) == 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
        pthread_t t = reader(p[0]);
        CHECK_EQUAL(write(p[1], "r", 1), 1);
        CHECK_EQUAL(result(t), 'r');
        if (i & 1)
            close(p[0]), close(p[1]);
        else
            close(p[1]), close(p[0]);
    }
}

static void copies(void) {
    int a[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, a) == 0);
    int d = dup(a[0]);
    pthread_t t = reader(d), u = reader(a[0]);
    CHECK_EQUAL(write(a[1], "xy", 2), 2);
    CHECK_EQUAL(result(t) + result(u), 'x' + 'y');
    /* O_NONBLOCK is the description's. */
    CHECK(fcntl(d, F_SETFL, O_NONBLOCK) == 0);
    CHECK_EQUAL(result(reader(a[0])), -EAGAIN);
    CHECK(fcntl(a[0], F_SETFL, 0) == 0);
    /* The closed copy's entry must neither wake nor hide anybody. */
    CHECK_EQUAL(close(a[0]), 0);
    t = reader(d);
    CHECK_EQUAL(write(a[1], "z", 1), 1);
    CHECK_EQUAL(result(t), 'z');

    /* dup2 onto a number that somebody waits for. */
    int b[2];
    CHECK(pipe(b) == 0);
    t = reader(b[0]);
    CHECK_EQUAL(dup2(d, b[0]), b[0]);
    CHECK_EQUAL(result(t), -EBADF);
    t = reader(b[0]);
    CHECK_EQUAL(write(a[1], "w", 1), 1);
    CHECK_EQUAL(result(t), 'w');
    CHECK_EQUAL(dup2(d, d), d);
    CHECK(dup2(9999, d) == -1 && errno == EBADF);
    CHECK(dup3(d, d, 0) == -1 && errno == EINVAL);
    t = reader(d);
    CHECK_EQUAL(write(a[1], "v", 1), 1);
    CHECK_EQUAL(result(t), 'v');
    int e = fcntl(d, F_DUPFD, 700);
    CHECK(e >= 700);
    t = reader(e);
    CHECK_EQUAL(write(a[1], "u", 1), 1);
    CHECK_EQUAL(result(t), 'u');
    close(e), close(d), close(a[1]), close(b[0]), close(b[1]);
}

static void *poll_one(void *fd) {
    struct pollfd p = {(int)(long)fd, POLLIN, 0};
    return (void *)(long)(poll(&p, 1, 10000) == 1 ? p.revents : -1);
}

/* dup3 onto the last descriptor of a pipe's end: a reader is told, a poll looks at the new file, a writer finds nobody. */
static void replaced(void) {
    int old[2], new[2];
    pthread_t t;
    CHECK(pipe(old) == 0 && pipe(new) == 0);
    pthread_t u = reader(old[0]);
    CHECK_EQUAL(pthread_create(&t, NULL, poll_one, (void *)(long)old[0]), 0);
    sched_yield();
    CHECK_EQUAL(write(new[1], "n", 1), 1);
    CHECK_EQUAL(dup3(new[0], old[0], O_CLOEXEC), old[0]);
    CHECK_EQUAL(result(u), -EBADF);
    CHECK_EQUAL(result(t), POLLIN);
    CHECK_EQUAL(result(reader(old[0])), 'n');
    signal(SIGPIPE, SIG_IGN);
    CHECK(write(old[1], "o", 1) == -1 && errno == EPIPE);
    signal(SIGPIPE, SIG_DFL);
    close(old[0]), close(old[1]), close(new[0]), close(new[1]);
}

static void behind_our_back(void) {
    for (int i = 0; i < 3; i++) {
        int p[2], q[2];
        CHECK(pipe(p) == 0);
        pthread_t t = reader(p[0]);
        CHECK_EQUAL(write(p[1], "1", 1), 1);
        CHECK_EQUAL(result(t), '1');
        if (i == 0) /* closed by libc, made by the kernel: we see neither */
            fclose(fdopen(p[0], "r"));
        else /* closed without any trace */
            syscall(SYS_close, p[0]);
        CHECK_EQUAL(i == 2 ? syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, q) : syscall(SYS_pipe2, q, 0), 0);
        CHECK_EQUAL(q[0], p[0]);
        if (i == 0) {
            for (int k = 0; k < 3; k++) {
                t = reader(q[0]);
                CHECK_EQUAL(write(q[1], "2", 1), 1);
                CHECK_EQUAL(result(t), '2');
            }
        } else {
            CHECK_EQUAL(write(q[1], "3", 1), 1);
            CHECK_EQUAL(result(reader(q[0])), '3');
        }
        close(p[1]), close(q[0]), close(q[1]);
    }
    DIR *dir = opendir("/");
    CHECK(dir && readdir(dir));
    closedir(dir);
}

static void passed(void) {
    int s[2], p[2], fd;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(p) == 0);
    char c = 'm';
    struct iovec iov = {&c, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &p[0], sizeof(int));
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    CHECK_EQUAL(sendmsg(s[0], &msg, 0), 1);
    close(p[0]);
    CHECK_EQUAL(recvmsg(s[1], &msg, 0), 1);
    memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    for (int i = 0; i < 3; i++) {
        pthread_t t = reader(fd);
        CHECK_EQUAL(write(p[1], "p", 1), 1);
        CHECK_EQUAL(result(t), 'p');
    }
    close(fd), close(p[1]), close(s[0]), close(s[1]);
}

/* What daemons do: close every number there may be. */
static void everything(void) {
    int p[2];
    for (int i = 3; i < 1100; i++) close(i);
    CHECK(pipe(p) == 0);
    CHECK_EQUAL(p[0], 3);
    pthread_t t = reader(p[0]);
    CHECK_EQUAL(write(p[1], "e", 1), 1);
    CHECK_EQUAL(result(t), 'e');
    closefrom(3);
    CHECK(pipe(p) == 0);
    t = reader(p[0]);
    CHECK_EQUAL(rmdir("/nonexistent/directory"), -1); /* the pool has a descriptor of its own */
    for (int i = 400; i < 1000; i++) /* one of these is the runtime's own: it has to make room */
        CHECK_EQUAL(dup2(p[1], i), i);
    CHECK_EQUAL(write(999, "d", 1), 1);
    CHECK_EQUAL(result(t), 'd');
    t = reader(p[0]);
    CHECK_EQUAL(write(512, "f", 1), 1);
    CHECK_EQUAL(rmdir("/nonexistent/directory"), -1);
    CHECK_EQUAL(result(t), 'f');
}

int main(void) {
    alarm(60);
    closing();
    reuse();
    copies();
    replaced();
    behind_our_back();
    passed();
    everything();
    return 0;
}
