/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What calls on files cost: each made by THREADS threads for a while, with everything in memory and, where it can be arranged,
 * with the disk asked. Prints ns per call, by wall clock and of processor time (on a busy machine the second says more). Plain pthreads: build it with any compiler; for capcc's, CAPRICCIO_DISK
 * says how.
 *
 *     files [THREADS [SECONDS]]        defaults 16 and 0.5 for each line
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 16384 /* of 4 KiB */

static char name[] = "./capcc-files-XXXXXX";
static int plain, direct;
static long calls;
static double until;
static void (*operation)(unsigned *r, char *buf);

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static off_t block(unsigned *r) {
    *r = *r * 1664525 + 1013904223;
    return (off_t)((*r >> 8) % BLOCKS) * 4096;
}

static void do_stat(unsigned *r, char *buf) {
    struct stat st;
    (void)r, (void)buf;
    if (stat(name, &st)) exit(1);
}
static void do_open(unsigned *r, char *buf) {
    (void)r, (void)buf;
    close(open(name, O_RDONLY));
}
static void do_read(unsigned *r, char *buf) {
    if (pread(plain, buf, 4096, block(r)) != 4096) exit(1);
}
static void do_read_missing(unsigned *r, char *buf) {
    off_t at = block(r);
    posix_fadvise(plain, at, 4096, POSIX_FADV_DONTNEED);
    if (pread(plain, buf, 4096, at) != 4096) exit(1);
}
static void do_read_direct(unsigned *r, char *buf) {
    if (pread(direct, buf, 4096, block(r)) != 4096) exit(1);
}
static void do_write(unsigned *r, char *buf) {
    if (pwrite(plain, buf, 100, block(r)) != 100) exit(1);
}
static void do_rename(unsigned *r, char *buf) {
    snprintf(buf, 4096, "%s.%u", name, *r);
    close(open(buf, O_CREAT | O_WRONLY, 0600));
    unlink(buf);
    block(r);
}

static void *user(void *arg) {
    unsigned r = (unsigned)(long)arg * 7919;
    char *buf = aligned_alloc(4096, 4096);
    long n = 0;
    memset(buf, 1, 4096);
    do {
        for (int i = 0; i < 16; i++) operation(&r, buf);
        n += 16;
    } while (now() < until);
    free(buf);
    __atomic_add_fetch(&calls, n, __ATOMIC_RELAXED);
    return NULL;
}

static void measure(const char *what, void (*f)(unsigned *, char *), long threads, double seconds) {
    pthread_t t[1024];
    calls = 0;
    operation = f;
    double start = now(), before = cpu();
    until = start + seconds;
    for (long i = 0; i < threads; i++) pthread_create(&t[i], NULL, user, (void *)(i + 1));
    for (long i = 0; i < threads; i++) pthread_join(t[i], NULL);
    printf("  %-24s %9.0f %9.0f\n", what, (now() - start) * 1e9 / (double)calls, (cpu() - before) * 1e9 / (double)calls);
}

int main(int argc, char **argv) {
    long threads = argc > 1 ? atol(argv[1]) : 16;
    double seconds = argc > 2 ? atof(argv[2]) : 0.5;
    char *buf = aligned_alloc(4096, 4096);
    if (threads < 1 || threads > 1024) return 1;
    close(mkstemp(name));
    plain = open(name, O_RDWR);
    memset(buf, 1, 4096);
    for (int i = 0; i < BLOCKS; i++)
        if (write(plain, buf, 4096) != 4096) return perror("files: write"), 1;
    fsync(plain);
    direct = open(name, O_RDWR | O_DIRECT);
    printf("threads %ld, ns per call: wall clock, processor\n", threads);
    measure("stat", do_stat, threads, seconds);
    measure("open, close", do_open, threads, seconds);
    measure("pread in memory", do_read, threads, seconds);
    measure("pwrite of 100 bytes", do_write, threads, seconds);
    measure("create, unlink", do_rename, threads, seconds);
    fsync(plain);
    measure("pread from the disk", do_read_missing, threads, seconds);
    if (direct >= 0) measure("pread O_DIRECT", do_read_direct, threads, seconds);
    unlink(name);
    return 0;
}
