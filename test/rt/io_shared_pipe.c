/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Very many threads blocked in read on one pipe (CAPR_TEST_THREADS, 2,000): each byte wakes one, each byte is read once, the end
 * of the pipe reaches them all. With CAPR_TEST_BYTES a blocked thread, record, stack and all, may take that many bytes of memory
 * (in CAPRICCIO_STACK=normal, or unset).
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "check.h"

static int ends[2];
static long got, ended, started;

static void *reader(void *unused) {
    char c;
    started++;
    ssize_t n = read(ends[0], &c, 1);
    CHECK(n == 0 || (n == 1 && c == 'x'));
    *(n ? &got : &ended) += 1;
    return unused;
}

/* Bytes of memory that the process has. */
static long resident(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f && fscanf(f, "%*d %ld", &pages) == 1);
    fclose(f);
    return pages * 4096;
}

int main(void) {
    const char *wanted = getenv("CAPR_TEST_THREADS");
    long threads = wanted ? atol(wanted) : 2000;
    alarm(100);
    pthread_t *t = malloc((size_t)threads * sizeof *t);
    CHECK(pipe(ends) == 0);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    memset(t, 0, (size_t)threads * sizeof *t);
    long before = resident();
    for (long i = 0; i < threads; i++) CHECK_EQUAL(pthread_create(&t[i], &attr, reader, NULL), 0);
    while (started < threads) sched_yield();
    CHECK_EQUAL(got, 0);
    const char *bytes = getenv("CAPR_TEST_BYTES"), *mode = getenv("CAPRICCIO_STACK");
    if (bytes && (!mode || strcmp(mode, "normal") == 0)) {
        long each = (resident() - before) / threads;
        if (each > atol(bytes)) fprintf(stderr, "%ld bytes of memory per blocked thread, at most %s are allowed\n", each, bytes);
        CHECK(each <= atol(bytes));
    }

    long written = threads / 2;
    char block[1000];
    memset(block, 'x', sizeof block);
    for (long left = written; left > 0;) {
        ssize_t n = write(ends[1], block, left < 1000 ? (size_t)left : 1000);
        CHECK(n > 0);
        left -= n;
    }
    while (got < written) sched_yield();
    CHECK_EQUAL(ended, 0);
    close(ends[1]);
    for (long i = 0; i < threads; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    CHECK_EQUAL(got, written);
    CHECK_EQUAL(ended, threads - written);
    return 0;
}
