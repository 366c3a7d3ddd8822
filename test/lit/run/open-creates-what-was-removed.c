/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread makes a file anew whose absence the kernel remembers.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *make(void *path)
{
    for (int i = 0; i < 3; i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        printf("made %d, there %d, removed %d\n", fd >= 0, access(path, F_OK) == 0, unlink(path) == 0);
        close(fd);
        printf("gone %d\n", open(path, O_RDONLY) < 0);
    }
    return NULL;
}

// CHECK: made 1, there 1, removed 1
// CHECK-NEXT: gone 1
// CHECK-NEXT: made 1, there 1, removed 1
// CHECK-NEXT: gone 1
// CHECK-NEXT: made 1, there 1, removed 1
// CHECK-NEXT: gone 1
int main(void)
{
    char path[64];
    pthread_t thread;
    snprintf(path, sizeof path, "/tmp/capcc-made-anew.%d", (int)getpid());
    pthread_create(&thread, NULL, make, path);
    return pthread_join(thread, NULL);
}
