/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The pool by itself: each job runs once and wakes its own thread while others run; its kernel threads stay within
 * CAPRICCIO_POOL and end when idle; a call that waits for ever is ended by cancellation with nothing left in the kernel; a
 * forked child has a pool of its own. Seeded by CAPR_TEST_SEED.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "pool/pool.h"
#include "proc/env.h"
#include "proc/signals.h"

#define THREADS 300
#define ROUNDS 40

static unsigned seed;
static volatile long ticks, jobs;
static int peak;

static int kernel_threads(void) {
    char text[4096];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY); /* by no call that needs the pool */
    CHECK(fd >= 0);
    long n = syscall(SYS_read, fd, text, sizeof text - 1);
    CHECK(n > 0);
    text[n] = 0;
    syscall(SYS_close, fd);
    const char *line = strstr(text, "\nThreads:");
    CHECK(line);
    return atoi(line + 9);
}

struct sum {
    struct capr_job job;
    unsigned a, b;
};

static void add(struct capr_job *job) {
    struct sum *s = (struct sum *)job;
    struct timespec t = {0, (long)(s->a % 50) * 1000};
    if (s->a % 3 == 0) capr__sys2(SYS_nanosleep, (long)&t, 0);
    job->result = (long)s->a + s->b;
}

static void *worker(void *arg) {
    unsigned r = seed + (unsigned)(long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        r = r * 1664525 + 1013904223;
        struct sum s = {.job = {.run = add, .kind = r >> 31 ? CAPR_JOB_DISK : CAPR_JOB_NAMES}, .a = r >> 20, .b = (unsigned)i};
        CHECK_EQUAL(capr__pool_run(&s.job), (r >> 20) + (unsigned)i);
        CHECK_EQUAL(s.job.state, CAPR_JOB_DONE);
        jobs++;
        if (r % 64 == 0) {
            int n = kernel_threads();
            if (n > peak) peak = n;
        }
    }
    return NULL;
}

static volatile int stop;

static void *ticker(void *arg) {
    while (!stop) {
        ticks++;
        sched_yield();
    }
    return arg;
}

static void swarm(void) {
    pthread_t t[THREADS], clock;
    jobs = 0;
    stop = 0;
    CHECK_EQUAL(pthread_create(&clock, NULL, ticker, NULL), 0);
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, worker, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    stop = 1;
    pthread_join(clock, NULL);
    CHECK_EQUAL(jobs, THREADS * ROUNDS);
    CHECK(ticks > 0);
}

static int pipe_ends[2];
static int victims_ended;

/* A read that never ends of a pipe by the plain call. */
static void *victim(void *arg) {
    char *byte = arg;
    struct capr_job job = {.number = SYS_read, .arg = {pipe_ends[0], (long)byte, 1}};
    long r = capr__pool_run_endless(&job, &capr__wait_restartable, 1);
    CHECK(r == -EINTR || r == 1);
    victims_ended += r == -EINTR;
    pthread_testcancel();
    return NULL;
}

static void cancelled(void) {
    enum { N = 50 };
    static char bytes[N];
    pthread_t t[N];
    CHECK_EQUAL(pipe(pipe_ends), 0);
    victims_ended = 0;
    for (int i = 0; i < N; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, victim, &bytes[i]), 0);
    for (int i = 0; i < 100; i++) sched_yield();
    for (int i = 0; i < N; i += 2) pthread_cancel(t[i]);
    for (int i = 0; i < N; i += 2) {
        void *result;
        pthread_join(t[i], &result);
        CHECK(result == PTHREAD_CANCELED);
    }
    CHECK_EQUAL(victims_ended, N / 2);
    /* Nobody that is gone takes a byte. */
    for (int i = 1; i < N; i += 2) CHECK_EQUAL(write(pipe_ends[1], "x", 1), 1);
    for (int i = 1; i < N; i += 2) pthread_join(t[i], NULL);
    for (int i = 0; i < N; i++) CHECK_EQUAL(bytes[i], i % 2 ? 'x' : 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

int main(void) {
    const char *given = getenv("CAPR_TEST_SEED");
    seed = given ? (unsigned)atol(given) : (unsigned)time(NULL);
    fprintf(stderr, "CAPR_TEST_SEED=%u\n", seed);
    alarm(100);
    CHECK_EQUAL(kernel_threads(), 1);
    CHECK_EQUAL(capr__env.pool_max, 6);
    swarm();
    CHECK(peak <= 1 + 2 * 6); /* two kinds of job that end by themselves */
    cancelled();

    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_EQUAL(kernel_threads(), 1);
        swarm();
        cancelled();
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    swarm();
    /* Two stay, as asked for, the others end when they have had no work for a while. */
    int left = kernel_threads();
    for (int i = 0; i < 600 && (left = kernel_threads()) > 3; i++) usleep(50000);
    CHECK_EQUAL(left, 3);
    return 0;
}
