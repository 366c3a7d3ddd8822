/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What belongs to a thread goes with it from one worker to another: after each call that may switch, every thread here looks at its
 * thread-local variables (values, addresses, alignment), errno, its mask of signals, its identity, its thread-specific data, and at
 * frames and memory of alloca below on several pieces of stack. Fails, too, if no thread was ever found on another kernel thread.
 *
 * CAPR_TEST_SWITCHES=N: how many calls that may switch, all threads together (300,000).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <alloca.h>

#include "check.h"

#define THREADS 32
#define GROUPS 4 /* threads that share a mutex, a condition variable and a pipe */
#define DEEP 12

/* silent: a pair of sockets; a read waits 50 us. */
static struct group {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    long turn;
    int pipe[2], silent[2];
} groups[GROUPS];

static pthread_key_t key;
static long each, migrated;

static _Thread_local long counter = 41;
static _Thread_local _Alignas(64) char aligned[64] = "aligned";
static _Thread_local int zero;
static _Thread_local long *counter_was; /* where they were at first */
static _Thread_local char *aligned_was;

static long kernel_thread(void) { return syscall(SYS_gettid); }

/* What the calling thread must find, whatever has happened. */
struct self {
    long number, steps, on;
    pthread_t id;
    uint64_t random;
};

static void look(struct self *s) {
    sigset_t mask;
    CHECK_EQUAL(counter, 41 + s->number + s->steps);
    CHECK_EQUAL(zero, s->number);
    CHECK(&counter == counter_was && aligned == aligned_was);
    CHECK((uintptr_t)aligned % 64 == 0 && !strcmp(aligned, "aligned"));
    CHECK(pthread_equal(pthread_self(), s->id));
    CHECK(pthread_getspecific(key) == s);
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    for (int i = 0; i < 5; i++) CHECK_EQUAL(sigismember(&mask, SIGRTMIN + 3 + i), (int)(s->number >> i & 1));
    long now = kernel_thread();
    if (now != s->on) __atomic_add_fetch(&migrated, 1, __ATOMIC_RELAXED);
    s->on = now;
}

static uint32_t dice(struct self *s) {
    s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(s->random >> 33);
}

/* Calls that fail: at once, and after the time that the socket waits at most, for which nobody sends anything. */
static void fail_to_read(const struct group *g) {
    char byte;
    CHECK(read(-1, &byte, 1) == -1);
    CHECK_EQUAL(errno, EBADF);
    sched_yield();
    CHECK_EQUAL(errno, EBADF);
    CHECK(read(g->silent[0], &byte, 1) == -1);
    CHECK_EQUAL(errno, EAGAIN);
    sched_yield();
    CHECK_EQUAL(errno, EAGAIN);
}

/* For 20 us, or until somebody signals. */
static void wait_for_change(struct group *g) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    errno = 7;
    pthread_mutex_lock(&g->lock);
    int r = pthread_cond_timedwait(&g->changed, &g->lock, &until);
    pthread_mutex_unlock(&g->lock);
    CHECK(r == 0 || r == ETIMEDOUT);
    CHECK_EQUAL(errno, 7);
}

static __attribute__((noinline)) void step(struct self *s) {
    struct group *g = &groups[s->number % GROUPS];
    int expected = 1000 + (int)(s->number + s->steps) % 1000;
    uint32_t what = dice(s) % 64;
    char byte = 'x';
    errno = expected;
    if (what < 30) {
        sched_yield();
    } else if (what < 44) {
        pthread_mutex_lock(&g->lock);
        g->turn++;
        if (what < 36) sched_yield();
        pthread_cond_signal(&g->changed);
        pthread_mutex_unlock(&g->lock);
    } else if (what < 57) { /* as many writes as reads: the byte that is read may be somebody else's */
        CHECK_EQUAL(write(g->pipe[1], &byte, 1), 1);
        CHECK_EQUAL(read(g->pipe[0], &byte, 1), 1);
    } else if (what < 59) {
        wait_for_change(g);
        errno = expected;
    } else if (what < 61) {
        struct timespec moment = {0, 10000};
        CHECK(nanosleep(&moment, NULL) == 0);
    } else if (what < 62) {
        fail_to_read(g);
        errno = expected;
    } else { /* an address that is kept */
        long *kept = &counter;
        int *err = &errno;
        *err = expected;
        sched_yield();
        *kept += 5;
        CHECK_EQUAL(errno, expected);
        sched_yield();
        counter -= 5;
    }
    CHECK_EQUAL(errno, expected);
    s->steps++;
    counter++;
    look(s);
}

/* Frames on several pieces of stack, each with a pattern and memory of alloca. */
static __attribute__((noinline)) long descend(struct self *s, long depth) {
    volatile unsigned char frame[300];
    size_t size = 16 + dice(s) % 3000;
    unsigned char mark = (unsigned char)(s->number * 7 + depth);
    unsigned char *more = alloca(size);
    memset(more, mark, size);
    for (size_t i = 0; i < sizeof frame; i++) frame[i] = (unsigned char)(mark + i);
    step(s);
    long sum = depth > 0 ? descend(s, depth - 1) : 0;
    step(s);
    for (size_t i = 0; i < sizeof frame; i++) CHECK_EQUAL(frame[i], (unsigned char)(mark + i));
    for (size_t i = 0; i < size; i++) CHECK_EQUAL(more[i], mark);
    return sum + 1;
}

static void *run(void *argument) {
    struct self *s = argument;
    sigset_t mask;
    sigemptyset(&mask);
    for (int i = 0; i < 5; i++)
        if (s->number >> i & 1) sigaddset(&mask, SIGRTMIN + 3 + i);
    CHECK(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
    CHECK(pthread_setspecific(key, s) == 0);
    s->id = pthread_self();
    s->on = kernel_thread();
    counter_was = &counter;
    aligned_was = aligned;
    counter += s->number;
    zero = (int)s->number;
    while (s->steps < each) {
        long depth = dice(s) % DEEP;
        CHECK_EQUAL(descend(s, depth), depth + 1);
    }
    return argument;
}

int main(void) {
    const char *text = getenv("CAPR_TEST_SWITCHES");
    static struct self selves[THREADS];
    pthread_t ids[THREADS];
    struct timeval little = {0, 50};
    each = (text ? strtol(text, NULL, 10) : 300000) / THREADS;
    CHECK(each > 0);
    CHECK(pthread_key_create(&key, NULL) == 0);
    for (int i = 0; i < GROUPS; i++) {
        pthread_mutex_init(&groups[i].lock, NULL);
        pthread_cond_init(&groups[i].changed, NULL);
        CHECK(pipe(groups[i].pipe) == 0);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, groups[i].silent) == 0);
        CHECK(setsockopt(groups[i].silent[0], SOL_SOCKET, SO_RCVTIMEO, &little, sizeof little) == 0);
    }
    for (long i = 0; i < THREADS; i++) {
        selves[i] = (struct self){.number = i, .random = (uint64_t)i * 0x9e3779b97f4a7c15ull + 1};
        CHECK(pthread_create(&ids[i], NULL, run, &selves[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK(pthread_join(ids[i], &result) == 0);
        CHECK(result == &selves[i]);
    }
    printf("%ld times on another kernel thread\n", migrated);
    CHECK(migrated > 0);
    return 0;
}
