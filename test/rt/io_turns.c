/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread whose calls never have to wait gives way all the same: one that reads a file in memory, one that writes to a pipe and reads
 * it, one that does so with a socket, each in a loop that another thread is to end.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "check.h"

static int ends[2];
static volatile int stop;
static char text[16];

static void *reads_file(void *arg) {
    while (!stop) CHECK_EQUAL(pread(ends[0], text, sizeof text, 0), 16);
    return arg;
}

static void *writes_and_reads(void *arg) {
    while (!stop) {
        CHECK_EQUAL(write(ends[1], text, 1), 1);
        CHECK_EQUAL(read(ends[0], text, sizeof text), 1);
    }
    return arg;
}

static void ends_it(void *(*loop)(void *)) {
    pthread_t t;
    stop = 0;
    CHECK_EQUAL(pthread_create(&t, NULL, loop, NULL), 0);
    usleep(1000);
    stop = 1;
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    alarm(60);
    char name[] = "./capcc-io-turns-XXXXXX";
    ends[0] = mkstemp(name);
    unlink(name);
    ends[1] = dup(ends[0]);
    CHECK_EQUAL(write(ends[0], text, sizeof text), 16);
    ends_it(reads_file);
    CHECK_EQUAL(pipe(ends), 0);
    ends_it(writes_and_reads);
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ends_it(writes_and_reads);
    return 0;
}
