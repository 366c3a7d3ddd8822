/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The thread that a loop waits for is asleep, or waits in read or for a file: deadlines, descriptors and the pool have to be looked at
 * although one thread never stops.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_int flag, started;
static int ends[2];

static void *sleeps(void *unused) {
    struct timespec t = {0, 5000000};
    nanosleep(&t, NULL);
    atomic_store(&flag, 1);
    return unused;
}

static void *reads(void *unused) {
    char c;
    atomic_store(&started, 1);
    if (read(ends[0], &c, 1) == 1) atomic_store(&flag, 2);
    return unused;
}

static void *opens(void *unused) {
    struct stat s;
    int fd = open("/etc/passwd", O_RDONLY);
    if (fd >= 0 && fstat(fd, &s) == 0 && fsync(fd) == 0) atomic_store(&flag, 3);
    return unused;
}

int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, sleeps, NULL);
    while (atomic_load(&flag) != 1) {
    }
    pthread_join(t, NULL);
    printf("slept\n");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return 1;
    pthread_create(&t, NULL, reads, NULL);
    while (!atomic_load(&started)) {
    }
    if (write(ends[1], "x", 1) != 1) return 1;
    while (atomic_load(&flag) != 2) {
    }
    pthread_join(t, NULL);
    printf("read\n");
    pthread_create(&t, NULL, opens, NULL);
    while (atomic_load(&flag) != 3) {
    }
    pthread_join(t, NULL);
    printf("opened\n");
    return 0;
}
// CHECK: slept
// CHECK-NEXT: read
// CHECK-NEXT: opened
