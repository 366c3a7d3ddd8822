/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Pipes between the threads of one process, which the runtime hands on by itself: the bytes come in order and once, whatever the
 * sizes; and whoever else gets at the pipe while a thread waits in read (a handler, a plain system call, a copy, a child, stdio,
 * splice, poll, the end of the writer, a signal for input) is heard.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "check.h"

static int ends[2];
static volatile int waits, got;
static char text[64];

static void give_way(int times) {
    for (int i = 0; i < times; i++) sched_yield();
}

static void *reads_one(void *arg) {
    waits++;
    ssize_t n = read(ends[0], text, sizeof text);
    got = n < 0 ? -errno : (int)n;
    return arg;
}

/* A fresh pipe and a thread that waits in read on it. */
static pthread_t reader(void *(*start)(void *)) {
    pthread_t t;
    CHECK_EQUAL(pipe(ends), 0);
    got = -1, waits = 0;
    CHECK_EQUAL(pthread_create(&t, NULL, start, NULL), 0);
    give_way(10);
    CHECK_EQUAL(waits, 1);
    CHECK_EQUAL(got, -1);
    return t;
}

/* The thread has read `n` bytes. */
static void over(pthread_t t, int n) {
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    CHECK_EQUAL(got, n);
    close(ends[0]);
    close(ends[1]);
}

/* Any sizes --------------------------------------------------------------------------------------------------------------- */

#define BYTES 300000
static unsigned random_state = 1;
static unsigned any(unsigned below) { return (random_state = random_state * 1664525 + 1013904223) / 65536 % below; }

static void *writes_all(void *arg) {
    unsigned char block[9000];
    for (unsigned sent = 0; sent < BYTES;) {
        unsigned n = any(any(2) ? 20 : sizeof block) + 1;
        if (n > BYTES - sent) n = BYTES - sent;
        for (unsigned i = 0; i < n; i++) block[i] = (unsigned char)((sent + i) % 251);
        if (any(2)) {
            CHECK_EQUAL(write(ends[1], block, n), n);
        } else {
            struct iovec iov[2] = {{block, n / 2}, {block + n / 2, n - n / 2}};
            CHECK_EQUAL(writev(ends[1], iov, 2), n);
        }
        sent += n;
        if (any(3) == 0) give_way((int)any(4));
    }
    close(ends[1]);
    return arg;
}

static void any_sizes(void) {
    unsigned char block[9000];
    pthread_t t;
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(pthread_create(&t, NULL, writes_all, NULL), 0);
    for (unsigned seen = 0;;) {
        unsigned n = any(any(2) ? 20 : sizeof block) + 1;
        struct iovec iov[2] = {{block, n / 3}, {block + n / 3, n - n / 3}};
        ssize_t r = any(2) ? read(ends[0], block, n) : readv(ends[0], iov + !iov[0].iov_len, 2 - !iov[0].iov_len);
        CHECK(r >= 0 && r <= (ssize_t)n);
        for (ssize_t i = 0; i < r; i++) CHECK_EQUAL(block[i], (seen + i) % 251);
        seen += (unsigned)r;
        if (r == 0) {
            CHECK_EQUAL(seen, BYTES);
            break;
        }
        if (any(3) == 0) give_way((int)any(4));
    }
    pthread_join(t, NULL);
    close(ends[0]);
}

/* Others who write -------------------------------------------------------------------------------------------------------- */

static void handler(int number) {
    (void)number;
    CHECK_EQUAL(write(ends[1], "h", 1), 1);
}

static void a_handler(void) {
    pthread_t t = reader(reads_one);
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    CHECK_EQUAL(write(ends[1], "x", 1), 1); /* after the handler's */
    pthread_join(t, NULL);
    CHECK(got >= 1 && text[0] == 'h');
    t = reader(reads_one);
    raise(SIGUSR1);
    over(t, 1);
}

static void a_system_call(void) {
    pthread_t t = reader(reads_one);
    CHECK_EQUAL(syscall(SYS_write, ends[1], "abc", 3), 3);
    over(t, 3);
    t = reader(reads_one);
    CHECK_EQUAL(syscall(SYS_write, ends[1], "abc", 3), 3);
    while (got < 0) sched_yield(); /* the worker is never idle */
    over(t, 3);
}

static void a_copy(void) {
    pthread_t t = reader(reads_one);
    int copy = dup(ends[1]);
    CHECK_EQUAL(write(copy, "abcd", 4), 4);
    close(copy);
    over(t, 4);
}

static void a_child(void) {
    pthread_t t = reader(reads_one);
    pid_t child = fork();
    if (child == 0) _exit(write(ends[1], "child", 5) != 5);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    over(t, 5);
}

/* What the child writes comes before what is written here once it has ended. */
static void a_spawned_child(void) {
    pthread_t t = reader(reads_one);
    char script[64], *argv[] = {"sh", "-c", script, NULL};
    snprintf(script, sizeof script, "printf first >&%d", ends[1]);
    pid_t child;
    int status;
    CHECK_EQUAL(posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ), 0);
    CHECK_EQUAL(syscall(SYS_wait4, child, &status, 0, NULL), child); /* nobody else runs meanwhile */
    CHECK_EQUAL(write(ends[1], "second", 6), 6);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    CHECK(got >= 5 && memcmp(text, "first", 5) == 0);
    close(ends[0]);
    close(ends[1]);
}

static void the_end(void) {
    pthread_t t = reader(reads_one), second;
    CHECK_EQUAL(pthread_create(&second, NULL, reads_one, NULL), 0);
    give_way(10);
    close(ends[1]);
    pthread_join(second, NULL);
    CHECK_EQUAL(got, 0);
    pthread_join(t, NULL);
    CHECK_EQUAL(got, 0);
    close(ends[0]);
}

/* Others who read --------------------------------------------------------------------------------------------------------- */

static void *reads_a_line(void *arg) {
    FILE *f = fdopen(dup(ends[0]), "r");
    waits++;
    got = fgets(text, sizeof text, f) ? (int)strlen(text) : 0;
    fclose(f);
    return arg;
}

static void *reads_a_line_in_place(void *arg) {
    FILE *f = fdopen(ends[0], "r");
    waits++;
    got = fgets(text, sizeof text, f) ? (int)strlen(text) : 0;
    return arg;
}

static void a_line(void) {
    pthread_t t = reader(reads_a_line);
    CHECK_EQUAL(write(ends[1], "line\n", 5), 5);
    over(t, 5);
    t = reader(reads_a_line_in_place);
    CHECK_EQUAL(write(ends[1], "li", 2), 2);
    give_way(3);
    CHECK_EQUAL(write(ends[1], "ne\n", 3), 3);
    over(t, 5);
    t = reader(reads_one);
    FILE *f = fdopen(dup(ends[1]), "w");
    CHECK(fputs("text", f) >= 0 && fclose(f) == 0);
    over(t, 4);
}

static void *splices(void *arg) {
    int other[2];
    CHECK_EQUAL(pipe(other), 0);
    CHECK_EQUAL(write(other[1], "moved", 5), 5);
    CHECK_EQUAL(splice(other[0], NULL, ends[1], NULL, 5, 0), 5);
    return arg;
}

static void a_splice(void) {
    pthread_t t = reader(reads_one), other;
    CHECK_EQUAL(pthread_create(&other, NULL, splices, NULL), 0);
    over(t, 5);
    pthread_join(other, NULL);
}

static void *polls(void *arg) {
    struct pollfd p = {ends[0], POLLIN, 0};
    waits++;
    CHECK_EQUAL(poll(&p, 1, -1), 1);
    got = (int)read(ends[0], text, sizeof text);
    return arg;
}

static void a_poll(void) {
    for (int i = 0; i < 30; i++) { /* also after it has left the epoll set */
        pthread_t t = reader(i % 10 == 9 ? polls : reads_one);
        CHECK_EQUAL(write(ends[1], "polled", 6), 6);
        over(t, 6);
    }
}

static void *reads_many(void *arg) {
    for (int i = 0; i < 100; i++) CHECK_EQUAL(read(ends[0], text, sizeof text), 1);
    got = 100;
    return arg;
}

static void by_turns_with_sleep(void) {
    pthread_t t;
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(pthread_create(&t, NULL, reads_many, NULL), 0);
    for (int i = 0; i < 100; i++) {
        if (i % 3 == 0) usleep(100); /* idle: the pipe goes into the epoll set */
        if (i % 7 == 0)
            CHECK_EQUAL(syscall(SYS_write, ends[1], "x", 1), 1);
        else
            CHECK_EQUAL(write(ends[1], "x", 1), 1);
        if (i % 7 == 0 || i % 2) usleep(2000); /* what came the other way is read before the next */
        else give_way(5);
    }
    over(t, 100);
}

static void *is_cancelled(void *arg) {
    waits++;
    got = (int)read(ends[0], text, sizeof text);
    pthread_testcancel();
    return arg;
}

static void cancelled_when_filled(void) {
    void *result;
    pthread_t t = reader(is_cancelled);
    CHECK_EQUAL(write(ends[1], "kept", 4), 4);
    pthread_cancel(t);
    CHECK_EQUAL(pthread_join(t, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    if (got < 0) CHECK_EQUAL(read(ends[0], text, sizeof text), 4); /* it had not been read */
    CHECK(memcmp(text, "kept", 4) == 0);
    close(ends[0]);
    close(ends[1]);
}

static void the_wrong_end(void) {
    CHECK_EQUAL(pipe(ends), 0);
    for (int i = 0; i < 2; i++) { /* the first must not change what the second finds */
        struct iovec iov[2] = {{text, 1}, {text + 1, 1}};
        errno = 0;
        CHECK_EQUAL(read(ends[1], text, 1), -1);
        CHECK_EQUAL(errno, EBADF);
        errno = 0;
        CHECK_EQUAL(readv(ends[1], iov, 2), -1);
        CHECK_EQUAL(errno, EBADF);
        errno = 0;
        CHECK_EQUAL(write(ends[0], text, 1), -1);
        CHECK_EQUAL(errno, EBADF);
    }
    close(ends[0]);
    close(ends[1]);
}

static void nothing_asked_for(void) {
    struct iovec iov[2] = {{text, 0}, {text + 1, 0}};
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(readv(ends[0], iov, 2), 0);
    CHECK_EQUAL(write(ends[1], text, 0), 0);
    close(ends[0]);
    close(ends[1]);
}

static volatile int signals;
static void count_signals(int number) { signals += number == SIGIO; }

static void a_signal_for_input(void) {
    struct sigaction action = {.sa_handler = count_signals, .sa_flags = SA_RESTART};
    sigaction(SIGIO, &action, NULL);
    for (int i = 0, on = 1; i < 2; i++) {
        pthread_t t = reader(reads_one);
        CHECK_EQUAL(fcntl(ends[0], F_SETOWN, getpid()), 0);
        signals = 0;
        CHECK_EQUAL(i ? ioctl(ends[0], FIOASYNC, &on) : fcntl(ends[0], F_SETFL, O_ASYNC), 0);
        CHECK_EQUAL(write(ends[1], "in", 2), 2);
        over(t, 2);
        while (!signals) give_way(1);
    }
}

int main(void) {
    alarm(60);
    the_wrong_end();
    nothing_asked_for();
    a_signal_for_input();
    any_sizes();
    a_handler();
    a_system_call();
    a_copy();
    a_child();
    a_spawned_child();
    the_end();
    a_line();
    a_splice();
    a_poll();
    by_turns_with_sleep();
    cancelled_when_filled();
    return 0;
}
