/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tokens that go round rings of threads, over socket pairs and over pipes: thousands of descriptors registered, most of them idle,
 * each hop a blocking read and a write. No token may be lost. A socket costs two epoll_ctl at most; a pipe leaves the epoll set
 * while its readers are woken by writes and comes back when the worker has nothing else to do, which is seldom beside the hops.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "check.h"
#include "layout.h"

#define STATIONS 1500
#define TOKENS 40
#define ROUNDS 20

static int link_of[STATIONS][2]; /* [0]: this station reads */
static long hops;

static void *station(void *arg) {
    long me = (long)arg, next = (me + 1) % STATIONS;
    for (int i = 0; i < TOKENS * ROUNDS; i++) {
        int token;
        CHECK_EQUAL(read(link_of[me][0], &token, sizeof token), sizeof token);
        __atomic_add_fetch(&hops, 1, __ATOMIC_RELAXED);
        token++;
        CHECK_EQUAL(write(link_of[next][1], &token, sizeof token), sizeof token);
    }
    return NULL;
}

static void ring(int pipes) {
    static pthread_t t[STATIONS];
    hops = 0;
    for (int i = 0; i < STATIONS; i++) CHECK(pipes ? pipe(link_of[i]) == 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, link_of[i]) == 0);
    for (long i = 0; i < STATIONS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, station, (void *)i), 0);
    for (int i = 0; i < TOKENS; i++) {
        int token = 0;
        CHECK_EQUAL(write(link_of[i * 7 % STATIONS][1], &token, sizeof token), sizeof token);
    }
    for (int i = 0; i < STATIONS; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(hops, (long)STATIONS * TOKENS * ROUNDS);
    /* All tokens are where they would go on, each with its hops counted. */
    long sum = 0;
    for (int i = 0; i < STATIONS; i++) {
        int token;
        while (recv(link_of[i][0], &token, sizeof token, MSG_DONTWAIT) == sizeof token) sum += token;
        if (pipes)
            for (close(link_of[i][1]), link_of[i][1] = -1; read(link_of[i][0], &token, sizeof token) == sizeof token;) sum += token;
        close(link_of[i][0]);
        if (link_of[i][1] >= 0) close(link_of[i][1]);
    }
    CHECK_EQUAL(sum, hops);
}

int main(void) {
    alarm(100);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 2 * STATIONS + 100) return 77;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    ring(0);
    uint64_t first = capr__worker.count.epoll_ctl;
    CHECK(first <= 2 * STATIONS);
    ring(1);
    CHECK(capr__worker.count.epoll_ctl - first <= (uint64_t)hops / 100);
    return 0;
}
