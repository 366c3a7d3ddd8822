/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread that is cancelled while it waits in puts, for a pipe that is full, does not keep stdout's lock: the next one prints.
 *
 * RUN: %capcc -O2 -D_GNU_SOURCE %s -o %t -pthread
 * RUN: timeout 30 %t 2>&1 | FileCheck %s
 * CHECK: printed after the cancellation
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *fills(void *arg) {
    for (;;)
        puts("a line that fills the pipe, sooner or later");
    return arg;
}
static void *prints(void *arg) {
    puts("once more");
    return arg;
}
static void *empties(void *arg) {
    char text[65536];
    while (read(*(int *)arg, text, sizeof text) > 0) {
    }
    return NULL;
}

int main(void) {
    int pipes[2];
    pthread_t t, reader, next;
    if (pipe(pipes)) return 1;
    dup2(pipes[1], 1);
    setvbuf(stdout, NULL, _IONBF, 0);
    pthread_create(&t, NULL, fills, NULL);
    usleep(200000);
    pthread_cancel(t);
    pthread_join(t, NULL);
    pthread_create(&reader, NULL, empties, &pipes[0]);
    pthread_create(&next, NULL, prints, NULL);
    pthread_join(next, NULL);
    fprintf(stderr, "printed after the cancellation\n");
    _exit(0);
}
