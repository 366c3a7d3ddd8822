/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An event every 4 ms, for one thread, is one worker's work: the others sleep through it. Each used to wake another before the thread ran,
 * which cost three times what the thread did. (On a busy machine a turn may take long enough for an alarm to ring.)
 *
 * REQUIRES: capcc
 * RUN: %capcc -O1 -pthread %s -o %t
 * RUN: env CAPRICCIO_WORKERS=2 CAPRICCIO_STATS=1 %t > %t.out 2>&1
 * RUN: python3 -c "import re; n = int(re.search(r'workers_woken (\d+)', open('%t.out').read()).group(1)); print('a few' if n < 150 else n)" | FileCheck %s
 *
 * CHECK: a few
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 250

static int events[2];

static void *takes(void *arg) {
    char byte;
    long taken = 0;
    while (read(events[0], &byte, 1) == 1) taken++;
    printf("%ld\n", taken);
    return arg;
}

int main(void) {
    pthread_t thread;
    if (pipe(events)) return 1;
    pid_t child = fork();
    if (child == 0) {
        close(events[0]);
        for (int i = 0; i < EVENTS; i++) {
            usleep(4000);
            if (write(events[1], "", 1) != 1) _exit(1);
        }
        _exit(0);
    }
    close(events[1]);
    pthread_create(&thread, NULL, takes, NULL);
    pthread_join(thread, NULL);
    return waitpid(child, NULL, 0) != child;
}
