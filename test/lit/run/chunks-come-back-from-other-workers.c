/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that link their stacks on one worker and give them back on another, one thread at a time: four thousand of them need no more
 * memory than a few. Large frames likewise.
 *
 * RUN: %capcc -O1 -pthread %s -o %t
 * RUN: env CAPRICCIO_WORKERS=4 %t | FileCheck %s
 * RUN: env CAPRICCIO_WORKERS=2 %t | FileCheck %s
 *
 * CHECK: less than 32 MiB
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile int done;

static __attribute__((noinline)) int deep(int levels) {
    volatile char frame[400];
    memset((char *)frame, levels, sizeof frame);
    if (!levels) usleep(100);
    int r = levels ? deep(levels - 1) : 0;
    return r + frame[levels];
}

static __attribute__((noinline)) int wide(void) {
    volatile char frame[100000];
    memset((char *)frame, 1, sizeof frame);
    usleep(100);
    return frame[17];
}

static void *visit(void *arg) {
    return deep(100) + wide() == 4711 ? NULL : arg;
}

/* Something to do for the other workers, so that threads move. */
static void *busy(void *arg) {
    while (!done) usleep(50);
    return arg;
}

static long resident(void) {
    long all = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &all, &pages) != 2) return -1;
    fclose(f);
    return pages * 4096;
}

int main(void) {
    pthread_t t, others[4];
    long most = 0;
    for (int i = 0; i < 4; i++)
        if (pthread_create(&others[i], NULL, busy, NULL)) return 1;
    for (int i = 0; i < 4000; i++) {
        if (pthread_create(&t, NULL, visit, &most)) return 1;
        pthread_join(t, NULL);
        if (i % 100 == 0 && resident() > most) most = resident();
    }
    done = 1;
    for (int i = 0; i < 4; i++) pthread_join(others[i], NULL);
    if (most <= 0 || most >= 32 << 20)
        printf("%ld bytes\n", most);
    else
        printf("less than 32 MiB\n");
    return 0;
}
