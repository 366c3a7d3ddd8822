/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that compute for long, beside threads that wait: these get their turns, and those do not notice. Every register that a
 * computation has, errno, the thread-locals, the chain of chunks and the big stack must be what they were. Also what may come to a thread
 * in the middle of its code: signals, cancellation, a fork, a change of masks. As capcc compiles it, since it decides where a turn may end.
 */
#include <errno.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capriccio.h"
#include "check.h"

static volatile int stop;
static volatile long ticks;

static void *ticker(void *unused) {
    while (!stop) {
        usleep(500);
        ticks++;
    }
    return unused;
}

/* Until others have had so many turns, or the test is hopeless. */
static int waited(long since, long turns) { return ticks - since >= turns; }

static uint64_t mix(uint64_t x) {
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ x << 17;
}

/* Integers, SSE and x87 values that live in registers all the time. */
static __attribute__((noinline)) uint64_t mixed(uint64_t x, unsigned rounds) {
    uint64_t a = x, b = ~x, c = x * 3, d = x * 5, e = x * 7;
    double f = (double)x, g = 1.5;
    long double l = x, m = 3;
    for (unsigned i = 0; i < rounds; i++) {
        a = mix(a + e), b ^= a, c += b, d = mix(d ^ c), e -= d;
        f = f * 0.9999 + g, g = g * 1.0000001;
        l = l * 0.9999L + m, m = m * 1.0000001L;
    }
    uint64_t bits;
    memcpy(&bits, &f, 8);
    return a ^ b ^ c ^ d ^ e ^ bits ^ (uint64_t)(l * 1000);
}

typedef uint32_t wide __attribute__((vector_size(32)));

static __attribute__((noinline, target("avx2"))) uint64_t mixed_wide(uint64_t x, unsigned rounds) {
    wide a = {(uint32_t)x, 1, 2, 3, 4, 5, 6, 7}, b = a * 77 + 1, c = b * 9;
    for (unsigned i = 0; i < rounds; i++) a ^= b << 3, b += c, c ^= a >> 5;
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum = sum * 31 + a[i] + b[i] + c[i];
    return sum;
}

/* Runs with checks on linked chunks, since it waits at the bottom; a VLA in each frame. */
static __attribute__((noinline)) uint64_t deep(uint64_t x, int depth) {
    char text[depth % 40 + 10];
    memset(text, depth, sizeof text);
    if (depth == 0) {
        if (x == 1) sched_yield();
        return x;
    }
    uint64_t r = mix(deep(mix(x), depth - 1));
    for (size_t i = 0; i < sizeof text; i++) CHECK(text[i] == (char)depth);
    return r;
}

/* Never waits, so it runs on the big stack. */
static __attribute__((noinline)) uint64_t plain(uint64_t x, int depth) {
    volatile uint64_t kept[20];
    for (int i = 0; i < 20; i++) kept[i] = x + (uint64_t)i;
    uint64_t r = depth ? plain(mix(x), depth - 1) : x;
    for (int i = 0; i < 20; i++) r ^= kept[i] - x - (uint64_t)i;
    return mix(r);
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t sorted(uint64_t x) {
    uint64_t v[300], sum = 0;
    for (int i = 0; i < 300; i++) v[i] = x = mix(x);
    qsort(v, 300, sizeof *v, compare);
    for (int i = 0; i < 299; i++) CHECK(v[i] <= v[i + 1]);
    for (int i = 0; i < 300; i++) sum = sum * 31 + v[i];
    return sum;
}

static __attribute__((noinline)) uint64_t jumps(uint64_t x) {
    jmp_buf buf;
    volatile int n = 0;
    if (setjmp(buf) < 20) {
        x = deep(x, 10);
        n++;
        longjmp(buf, n);
    }
    return x ^ (uint64_t)n;
}

static _Thread_local uint64_t own, *own_address;

static uint64_t all_of_it(uint64_t seed, int wide_too) {
    uint64_t r = mixed(seed, 20000);
    if (wide_too) r ^= mixed_wide(seed, 20000);
    r ^= deep(seed | 2, 60);
    r ^= plain(seed, 200);
    r ^= sorted(seed);
    return r ^ jumps(seed | 2);
}

static void *computer(void *arg) {
    uint64_t seed = mix((uint64_t)(long)arg + 12345);
    int wide_too = __builtin_cpu_supports("avx2");
    own = seed;
    own_address = &own;
    uint64_t want = all_of_it(seed, wide_too);
    long since = ticks;
    errno = 1000 + (int)(long)arg;
    while (!waited(since, 60)) {
        CHECK_EQUAL(all_of_it(seed, wide_too), want);
        CHECK_EQUAL(errno, 1000 + (int)(long)arg);
        CHECK(own == seed && own_address == &own);
    }
    return arg;
}

/* All its time goes by in a library: in one call that takes a while, after the other; and in a function that runs in place. */
static void *outside(void *unused) {
    regex_t r;
    char text[40];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    CHECK_EQUAL(regcomp(&r, "\\(x*\\)\\(x*\\)\\1\\2\\1y", 0), 0);
    long since = ticks;
    while (!waited(since, 10)) CHECK_EQUAL(regexec(&r, text, 0, NULL, 0), REG_NOMATCH);
    regfree(&r);
    return unused;
}

static void *in_place(void *unused) {
    size_t size = 1 << 22;
    char *text = calloc(1, size);
    long since = ticks;
    while (!waited(since, 10)) CHECK(memchr(text, 'x', size) == NULL);
    free(text);
    return unused;
}

static _Thread_local volatile int handled;
static volatile int handled_by_spinner, spinner_up, flag;
static void handler(int number) {
    (void)number;
    handled++;
    handled_by_spinner = handled;
}

/* Only handlers, or another thread, end these loops: the compiler sees nothing in them that could wait. */
static void *spinner(void *unused) {
    uint64_t x = 1;
    spinner_up = 1;
    while (handled_by_spinner < 3) x = mix(x);
    CHECK_EQUAL(handled, 3);
    return x ? unused : NULL;
}

static void signals(void) {
    pthread_t t;
    struct sigaction action = {.sa_handler = handler};
    sigset_t some, before;
    sigaction(SIGUSR1, &action, NULL);
    handled_by_spinner = spinner_up = 0;
    CHECK_EQUAL(pthread_create(&t, NULL, spinner, NULL), 0);
    while (!spinner_up) sched_yield();
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    for (int i = 1; i <= 3; i++) {
        pthread_sigmask(SIG_BLOCK, &some, &before); /* what the spinner returns to is the mask of then */
        CHECK_EQUAL(pthread_kill(t, SIGUSR1), 0);
        while (handled_by_spinner < i) usleep(100);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_join(t, NULL);
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    CHECK(!sigismember(&now, SIGUSR2));
}

static void ended(void *unused) {
    (void)unused;
    flag = 1;
}

static void *endless(void *unused) {
    uint64_t x = 1;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(ended, NULL);
    spinner_up = 1;
    while (x) { /* never 0 */
        x = mix(x);
        __asm__ volatile("" : "+r"(x)); /* a loop without any effect would not have to be there */
    }
    pthread_cleanup_pop(0);
    return unused;
}

static void cancels(void) {
    pthread_t t;
    void *result;
    spinner_up = flag = 0;
    CHECK_EQUAL(pthread_create(&t, NULL, endless, NULL), 0);
    while (!spinner_up) sched_yield();
    CHECK_EQUAL(pthread_cancel(t), 0);
    CHECK_EQUAL(pthread_join(t, &result), 0);
    CHECK(result == PTHREAD_CANCELED && flag);
}

/* A section that must not be interrupted is not. */
static void *section(void *unused) {
    capr_section_begin();
    long since = ticks;
    uint64_t x = 1;
    for (int i = 0; i < 20000000; i++) x = mix(x);
    CHECK_EQUAL(ticks, since);
    capr_section_end();
    return x ? unused : NULL;
}

/* The child of a thread that computes computes on, alone and beside threads of its own. */
static void *forker(void *arg) {
    uint64_t seed = 77, want = all_of_it(seed, 0);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (!child) {
            alarm(60);
            pthread_t t;
            long since = ticks;
            CHECK_EQUAL(all_of_it(seed, 0), want);
            pthread_create(&t, NULL, ticker, NULL);
            while (!waited(since, 5)) CHECK_EQUAL(all_of_it(seed, 0), want);
            _exit(0);
        }
        int status;
        CHECK_EQUAL(all_of_it(seed, 0), want);
        CHECK_EQUAL(waitpid(child, &status, 0), child);
        CHECK_EQUAL(status, 0);
    }
    return arg;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile uint64_t shared_sum;
static volatile int inside;

/* Turns end while it has the lock too. */
static void *locker(void *arg) {
    uint64_t x = 1;
    for (int i = 0; i < 300; i++) {
        pthread_mutex_lock(&lock);
        CHECK_EQUAL(inside++, 0);
        for (int k = 0; k < 5000; k++) x = mix(x);
        shared_sum++;
        CHECK_EQUAL(--inside, 0);
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void together(void *(*f)(void *), int count) {
    pthread_t t[8];
    for (long i = 0; i < count; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, f, (void *)i), 0);
    for (int i = 0; i < count; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
}

int main(void) {
    pthread_t t;
    alarm(300);
    CHECK_EQUAL(pthread_create(&t, NULL, ticker, NULL), 0);
    together(computer, 6);
    computer((void *)7l); /* on the main thread's own stack */
    together(outside, 2);
    together(in_place, 2);
    signals();
    cancels();
    together(section, 1);
    together(forker, 1);
    together(locker, 4);
    CHECK_EQUAL(shared_sum, 1200);
    stop = 1;
    pthread_join(t, NULL);
    return 0;
}
