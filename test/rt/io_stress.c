/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Everything at once, at random from a printed seed (CAPR_TEST_SEED): pairs of threads stream bytes both ways at the same time
 * in pieces of any size, over TCP, Unix sockets and pipes, while others open and close numbers, poll, sleep, and cut
 * connections. Every byte is checked; a lost wake-up shows as a hang.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "check.h"

#define CHANNELS 120
#define BYTES 60000
#define PIECE 3000

static struct sockaddr_in address;
static int listener;
static unsigned base_seed;
static volatile int finished;

static unsigned next(unsigned *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}
static char byte_of(unsigned channel, size_t at) { return (char)(channel * 31 + at * 7 + (at >> 8)); }

struct side {
    int in, out;
    unsigned channel, seed;
    int cut_at; /* bytes after which this side vanishes, -1: never */
};

/* Sends BYTES bytes in random pieces by random calls. */
static void *sender(void *arg) {
    struct side *s = arg;
    unsigned seed = s->seed * 2 + 1;
    char piece[PIECE];
    size_t done = 0;
    while (done < BYTES) {
        size_t n = 1 + next(&seed) % PIECE;
        if (n > BYTES - done) n = BYTES - done;
        for (size_t i = 0; i < n; i++) piece[i] = byte_of(s->channel, done + i);
        struct iovec iov[2] = {{piece, n / 3}, {piece + n / 3, n - n / 3}};
        ssize_t r = next(&seed) & 1 ? write(s->out, piece, n) : writev(s->out, iov, 2);
        if (r < 0) {
            CHECK(errno == EPIPE || errno == ECONNRESET); /* the peer was cut */
            break;
        }
        CHECK(r == (ssize_t)n || s->cut_at >= 0);
        done += (size_t)r;
        switch (next(&seed) % 20) {
        case 0:
            usleep(next(&seed) % 2000);
            break;
        case 1:
            sched_yield();
            break;
        case 2:
            if (s->cut_at >= 0 && done > (size_t)s->cut_at) {
                shutdown(s->out, SHUT_RDWR);
                return NULL;
            }
            break;
        default:
            break;
        }
    }
    shutdown(s->out, SHUT_WR);
    if (s->in != s->out) close(s->out);
    return NULL;
}

/* Receives until the end, waiting in different ways. */
static void *receiver(void *arg) {
    struct side *s = arg;
    unsigned seed = s->seed * 2;
    char piece[PIECE];
    size_t done = 0;
    for (;;) {
        size_t n = 1 + next(&seed) % PIECE;
        struct pollfd p[2] = {{s->in, POLLIN, 0}, {listener, POLLPRI, 0}};
        fd_set set;
        switch (next(&seed) % 8) {
        case 0:
            CHECK(poll(p, 1 + (next(&seed) & 1), -1) >= 1);
            break;
        case 1:
            FD_ZERO(&set);
            FD_SET(s->in, &set);
            CHECK_EQUAL(select(s->in + 1, &set, NULL, NULL, NULL), 1);
            break;
        case 2:
            usleep(next(&seed) % 500);
            break;
        default:
            break;
        }
        ssize_t r = read(s->in, piece, n);
        if (r == 0 || (r < 0 && errno == ECONNRESET)) break;
        CHECK(r > 0);
        for (ssize_t i = 0; i < r; i++) CHECK(piece[i] == byte_of(s->channel, done + (size_t)i));
        done += (size_t)r;
    }
    if (s->cut_at < 0) CHECK_EQUAL(done, BYTES);
    return NULL;
}

static void *channel(void *arg) {
    unsigned me = (unsigned)(long)arg, seed = base_seed + me * 7919;
    int a[2], b[2], kind = (int)(next(&seed) % 3), cut = next(&seed) % 4 == 0 && kind != 2 ? (int)(next(&seed) % BYTES) : -1;
    pthread_t t[4];
    if (kind == 0) {
        a[0] = a[1] = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(a[0], (struct sockaddr *)&address, sizeof address) == 0);
        b[0] = b[1] = accept(listener, NULL, NULL); /* perhaps another channel's: bytes say whose they are, so all are the same */
        CHECK(b[0] >= 0);
        me = 0;
        cut = -1;
    } else if (kind == 1) {
        int pair[2];
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        a[0] = a[1] = pair[0];
        b[0] = b[1] = pair[1];
    } else {
        int to[2], fro[2];
        CHECK(pipe(to) == 0 && pipe(fro) == 0);
        a[0] = fro[0], a[1] = to[1];
        b[0] = to[0], b[1] = fro[1];
    }
    struct side sides[2] = {{a[0], a[1], me, next(&seed), cut}, {b[0], b[1], me, next(&seed), cut}};
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_create(&t[2 * i], NULL, sender, &sides[i]), 0);
        CHECK_EQUAL(pthread_create(&t[2 * i + 1], NULL, receiver, &sides[i]), 0);
    }
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    close(a[0]);
    close(b[0]);
    finished++;
    return NULL;
}

/* Uses numbers up, so that they are handed out again soon. */
static void *churn(void *arg) {
    unsigned seed = base_seed ^ (unsigned)(long)arg;
    while (finished < CHANNELS) {
        int p[2], d;
        char c;
        CHECK(next(&seed) & 1 ? pipe(p) == 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
        CHECK_EQUAL(write(p[1], "c", 1), 1);
        if (next(&seed) & 1) {
            CHECK((d = dup(p[0])) >= 0);
            close(p[0]);
            p[0] = d;
        }
        CHECK_EQUAL(read(p[0], &c, 1), 1);
        if (next(&seed) % 3 == 0) usleep(next(&seed) % 300);
        close(p[0]);
        close(p[1]);
        sched_yield();
    }
    return NULL;
}

int main(void) {
    const char *wanted = getenv("CAPR_TEST_SEED");
    base_seed = wanted ? (unsigned)strtoul(wanted, NULL, 0) : (unsigned)time(NULL);
    printf("CAPR_TEST_SEED=%u\n", base_seed);
    fflush(stdout);
    alarm(100);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 1024) return 77;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    socklen_t len = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listen(listener, 200) == 0 && getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    pthread_t t[CHANNELS + 4];
    for (long i = 0; i < CHANNELS + 4; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, i < CHANNELS ? channel : churn, (void *)i), 0);
    for (int i = 0; i < CHANNELS + 4; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(finished, CHANNELS);
    return 0;
}
