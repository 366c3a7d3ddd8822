/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Transfers between threads over socket pairs and pipes: a blocked reader lets others run, a blocking write takes all its bytes,
 * partial vectors go on, MSG_WAITALL waits for all, MSG_DONTWAIT and O_NONBLOCK (by fcntl, by ioctl) do not wait, SO_RCVTIMEO and
 * SO_SNDTIMEO end a wait, the peer's end gives 0, EPIPE and SIGPIPE, and the flags of the description stay the program's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "check.h"

#define BIG (3 << 20)

static int ends[2];
static char *big;
static unsigned char byte_at(size_t i) { return (unsigned char)(i * 2654435761u >> 13); }

static void *write_big(void *how) {
    ssize_t n;
    if (how) {
        /* A vector of uneven pieces, an empty one among them. */
        struct iovec iov[4] = {{big, 1000003}, {big + 1000003, 0}, {big + 1000003, 7}, {big + 1000010, BIG - 1000010}};
        n = writev(ends[1], iov, 4);
    } else {
        n = write(ends[1], big, BIG);
    }
    CHECK_EQUAL(n, BIG);
    close(ends[1]);
    return NULL;
}

static void transfer(int is_pipe, int vector) {
    pthread_t t;
    CHECK(is_pipe ? pipe(ends) == 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    pthread_create(&t, NULL, write_big, vector ? "" : NULL);
    size_t done = 0;
    char piece[70001];
    for (;;) {
        struct iovec iov[2] = {{piece, 1}, {piece + 1, sizeof piece - 1}};
        ssize_t n = vector ? readv(ends[0], iov, 2) : read(ends[0], piece, sizeof piece);
        CHECK(n >= 0);
        if (n == 0) break;
        for (ssize_t i = 0; i < n; i++) CHECK((unsigned char)piece[i] == byte_at(done + (size_t)i));
        done += (size_t)n;
    }
    CHECK_EQUAL(done, BIG);
    pthread_join(t, NULL);
    close(ends[0]);
}

static void *read_one(void *fd) {
    char c;
    ssize_t n = read((int)(long)fd, &c, 1);
    return (void *)(long)(n == 1 ? c : n == 0 ? -1 : -errno);
}

static void *drip(void *fd) {
    for (int i = 0; i < 10; i++) {
        CHECK_EQUAL(send((int)(long)fd, &"0123456789"[i], 1, 0), 1);
        sched_yield();
    }
    return NULL;
}

static long elapsed_ms(const struct timespec *since) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void waits_and_flags(void) {
    int s[2];
    char buf[100];
    pthread_t t;
    void *result;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);

    CHECK(recv(s[0], buf, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK_EQUAL(fcntl(s[0], F_GETFL) & O_NONBLOCK, 0);

    pthread_create(&t, NULL, drip, (void *)(long)s[1]);
    CHECK_EQUAL(recv(s[0], buf, 10, MSG_WAITALL), 10);
    CHECK(memcmp(buf, "0123456789", 10) == 0);
    pthread_join(t, NULL);

    pthread_create(&t, NULL, drip, (void *)(long)s[1]);
    struct iovec iov[2] = {{buf, 3}, {buf + 3, 7}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    CHECK_EQUAL(recvmsg(s[0], &msg, MSG_WAITALL), 10);
    CHECK(memcmp(buf, "0123456789", 10) == 0);
    pthread_join(t, NULL);

    /* O_NONBLOCK by fcntl, then blocking again, then by ioctl. */
    int flags = fcntl(s[0], F_GETFL);
    CHECK(fcntl(s[0], F_SETFL, flags | O_NONBLOCK) == 0);
    CHECK(read(s[0], buf, 1) == -1 && errno == EAGAIN);
    CHECK(fcntl(s[0], F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(s[0], F_SETFL, flags) == 0);
    pthread_create(&t, NULL, read_one, (void *)(long)s[0]);
    sched_yield();
    CHECK_EQUAL(write(s[1], "x", 1), 1);
    pthread_join(t, &result);
    CHECK_EQUAL(result, 'x');
    int on = 1;
    CHECK(ioctl(s[0], FIONBIO, &on) == 0);
    CHECK(read(s[0], buf, 1) == -1 && errno == EAGAIN);
    on = 0;
    CHECK(ioctl(s[0], FIONBIO, &on) == 0);

    struct timeval tv = {0, 50000};
    struct timespec start;
    CHECK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK(read(s[0], buf, 1) == -1 && errno == EAGAIN);
    CHECK(elapsed_ms(&start) >= 45 && elapsed_ms(&start) < 2000);

    /* A send that times out half-way returns what it sent. */
    CHECK(setsockopt(s[1], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) == 0);
    ssize_t n = write(s[1], big, BIG);
    CHECK(n > 0 && n < BIG);
    CHECK(write(s[1], big, BIG) == -1 && errno == EAGAIN);
    close(s[0]);
    close(s[1]);
}

static volatile sig_atomic_t pipes_broken;
static void broken(int number) { pipes_broken += number == SIGPIPE; }

static void ends_of_peers(void) {
    int s[2];
    char c;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    pthread_t t;
    void *result;
    pthread_create(&t, NULL, read_one, (void *)(long)s[0]);
    sched_yield();
    CHECK(shutdown(s[1], SHUT_WR) == 0);
    pthread_join(t, &result);
    CHECK_EQUAL(result, -1);
    close(s[0]);

    signal(SIGPIPE, SIG_IGN);
    CHECK(write(s[1], "x", 1) == -1 && errno == EPIPE);
    signal(SIGPIPE, broken);
    CHECK(write(s[1], "x", 1) == -1 && errno == EPIPE);
    CHECK_EQUAL(pipes_broken, 1);
    CHECK(send(s[1], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    CHECK_EQUAL(pipes_broken, 1);
    close(s[1]);

    CHECK(pipe(s) == 0);
    close(s[0]);
    CHECK(write(s[1], "x", 1) == -1 && errno == EPIPE);
    CHECK_EQUAL(pipes_broken, 2);
    CHECK(read(s[1], &c, 1) == -1 && errno == EBADF);
    close(s[1]);
    CHECK(read(s[1], &c, 1) == -1 && errno == EBADF);
}

static void messages(void) {
    int s[2];
    char buf[16];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
    struct iovec iov[3] = {{"a", 1}, {"bc", 2}, {"", 0}};
    struct mmsghdr out[3] = {{{.msg_iov = iov, .msg_iovlen = 1}, 0},
                             {{.msg_iov = iov + 1, .msg_iovlen = 1}, 0},
                             {{.msg_iov = iov + 2, .msg_iovlen = 1}, 0}};
    CHECK_EQUAL(sendmmsg(s[0], out, 3, 0), 3);
    CHECK_EQUAL(out[1].msg_len, 2);
    struct iovec to[4] = {{buf, 4}, {buf + 4, 4}, {buf + 8, 4}, {buf + 12, 4}};
    struct mmsghdr in[4];
    memset(in, 0, sizeof in);
    for (int i = 0; i < 4; i++) in[i].msg_hdr = (struct msghdr){.msg_iov = to + i, .msg_iovlen = 1};
    CHECK_EQUAL(recvmmsg(s[1], in, 4, MSG_WAITFORONE, NULL), 3);
    CHECK(in[0].msg_len == 1 && in[1].msg_len == 2 && in[2].msg_len == 0 && buf[4] == 'b');
    close(s[0]);
    close(s[1]);
}

static void *send_file(void *in) {
    off_t offset = 5;
    CHECK_EQUAL(sendfile(ends[1], (int)(long)in, &offset, BIG), BIG - 5);
    CHECK_EQUAL(offset, BIG);
    CHECK_EQUAL(sendfile(ends[1], (int)(long)in, &offset, BIG), 0);
    close(ends[1]);
    return NULL;
}

static void whole_files(void) {
    char name[] = "/tmp/capr-io-XXXXXX", *piece = malloc(BIG);
    pthread_t t;
    int fd = mkstemp(name);
    unlink(name);
    CHECK_EQUAL(write(fd, big, BIG), BIG);
    for (int pipes = 0; pipes < 2; pipes++) {
        CHECK(pipes ? pipe(ends) == 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        pthread_create(&t, NULL, send_file, (void *)(long)fd);
        size_t done = 0;
        for (ssize_t n; (n = read(ends[0], piece, 50000)) > 0; done += (size_t)n)
            CHECK(memcmp(piece, big + 5 + done, (size_t)n) == 0);
        CHECK_EQUAL(done, BIG - 5);
        pthread_join(t, NULL);
        close(ends[0]);
    }
    free(piece);
    close(fd);
}

static void files(void) {
    char name[] = "/tmp/capr-io-XXXXXX", buf[8];
    int fd = mkstemp(name);
    CHECK(fd >= 0);
    unlink(name);
    CHECK_EQUAL(write(fd, "abcdef", 6), 6);
    CHECK(lseek(fd, 1, SEEK_SET) == 1);
    CHECK_EQUAL(read(fd, buf, sizeof buf), 5);
    CHECK(memcmp(buf, "bcdef", 5) == 0);
    close(fd);
    fd = open("/dev/null", O_RDWR);
    CHECK_EQUAL(read(fd, buf, 1), 0);
    CHECK_EQUAL(write(fd, buf, 1), 1);
    close(fd);
    fd = open("/dev/zero", O_RDONLY);
    CHECK_EQUAL(read(fd, buf, 8), 8);
    close(fd);
    CHECK(open("/nonexistent/x", O_RDONLY) == -1 && errno == ENOENT);
}

int main(void) {
    alarm(60);
    big = malloc(BIG);
    for (size_t i = 0; i < BIG; i++) big[i] = (char)byte_at(i);
    for (int pipes = 0; pipes < 2; pipes++)
        for (int vector = 0; vector < 2; vector++) transfer(pipes, vector);
    waits_and_flags();
    ends_of_peers();
    messages();
    files();
    whole_files();
    return 0;
}
