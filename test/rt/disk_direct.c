/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * O_DIRECT reads and writes of many threads on one file: each block carries its own number, nothing is lost or mixed up, errors
 * come to who made them, and a cancelled thread's request has ended before the thread has. With each CAPRICCIO_DISK. Seeded by
 * CAPR_TEST_SEED. Skipped (77) where the file system knows no O_DIRECT.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

#define BLOCK 4096
#define BLOCKS 512
#define THREADS 64

static unsigned seed;
static int fd;
static uint32_t written[BLOCKS]; /* what the block's owner wrote last */

static void fill(uint32_t *block, uint32_t number, uint32_t round) {
    for (int i = 0; i < BLOCK / 4; i += 2) block[i] = number, block[i + 1] = round;
}

static void check(const uint32_t *block, uint32_t number, uint32_t round) {
    for (int i = 0; i < BLOCK / 4; i += 2) {
        CHECK_EQUAL(block[i], number);
        CHECK_EQUAL(block[i + 1], round);
    }
}

/* Owns every THREADS-th block. */
static void *user(void *arg) {
    unsigned id = (unsigned)(long)arg, r = seed + id;
    uint32_t *buf = aligned_alloc(BLOCK, 2 * BLOCK);
    for (int i = 0; i < 60; i++) {
        r = r * 1664525 + 1013904223;
        uint32_t n = id + (r >> 8) % (BLOCKS / THREADS) * THREADS;
        off_t at = (off_t)n * BLOCK;
        if (r >> 31) {
            fill(buf, n, written[n] + 1);
            CHECK_EQUAL(pwrite(fd, buf, BLOCK, at), BLOCK);
            written[n]++;
        } else if (r >> 30 & 1) {
            struct iovec halves[2] = {{buf + BLOCK / 4, BLOCK / 2}, {buf, BLOCK / 2}};
            CHECK_EQUAL(preadv(fd, halves, 2, at), BLOCK);
            CHECK_EQUAL(buf[BLOCK / 4], n);
            CHECK_EQUAL(buf[1], written[n]);
        } else {
            memset(buf, 255, BLOCK);
            CHECK_EQUAL(pread(fd, buf, BLOCK, at), BLOCK);
            check(buf, n, written[n]);
        }
    }
    /* Beyond the end; misaligned; no memory. */
    CHECK_EQUAL(pread(fd, buf, BLOCK, (off_t)BLOCKS * BLOCK), 0);
    ssize_t odd = pread(fd, (char *)buf + 1, BLOCK, 0);
    CHECK((odd == -1 && errno == EINVAL) || odd == BLOCK);
    CHECK(pread(fd, (void *)0x1000, BLOCK, 0) == -1 && errno == EFAULT);
    free(buf);
    return NULL;
}

static void *victim(void *buf) {
    for (;;) {
        CHECK_EQUAL(pread(fd, buf, BLOCK, 0), BLOCK);
        sched_yield(); /* nothing else gives way with CAPRICCIO_DISK=immediate */
        pthread_testcancel();
    }
}

static void cancelled(void) {
    for (int i = 0; i < 50; i++) {
        pthread_t t[4];
        void *buf = aligned_alloc(BLOCK, 4 * BLOCK), *result;
        for (int k = 0; k < 4; k++) CHECK_EQUAL(pthread_create(&t[k], NULL, victim, (char *)buf + k * BLOCK), 0);
        for (int k = 0; k < i % 8; k++) sched_yield();
        for (int k = 0; k < 4; k++) CHECK_EQUAL(pthread_cancel(t[k]), 0);
        for (int k = 0; k < 4; k++) {
            pthread_join(t[k], &result);
            CHECK(result == PTHREAD_CANCELED);
        }
        memset(buf, 0, 4 * BLOCK);
        sched_yield();
        for (int k = 0; k < 4 * BLOCK; k++) CHECK_EQUAL(((char *)buf)[k], 0); /* nobody writes there any more */
        free(buf);
    }
}

static void all(void) {
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, user, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    cancelled();
}

int main(void) {
    const char *given = getenv("CAPR_TEST_SEED");
    seed = given ? (unsigned)atol(given) : (unsigned)time(NULL);
    fprintf(stderr, "CAPR_TEST_SEED=%u\n", seed);
    alarm(100);
    char name[] = "./capr-direct-XXXXXX";
    fd = mkstemp(name);
    CHECK(fd >= 0);
    static uint32_t block[BLOCK / 4];
    for (uint32_t i = 0; i < BLOCKS; i++) {
        fill(block, i, 0);
        CHECK_EQUAL(write(fd, block, BLOCK), BLOCK);
    }
    CHECK_EQUAL(fsync(fd), 0);
    close(fd);
    fd = open(name, O_RDWR | O_DIRECT);
    unlink(name);
    if (fd < 0) return 77;
    all();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        all();
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    close(fd);
    return 0;
}
