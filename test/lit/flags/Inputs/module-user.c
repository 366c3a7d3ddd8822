/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program: many threads that wait inside the shared object, then one call of each kind on a thread and on main.
 */
#include "module.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 100 };
/* Counted by kernel threads too, where capcc has not linked the program. */
static int pipes[THREADS][2];
static _Atomic int read_right, waiting;

/* Down through the shared object and back, then into the pipe. */
long program_callback(int depth, void *arg) {
    char room[150];
    memset(room, depth, sizeof room);
    if (depth > 0) return room[depth] + module_pointer()(depth - 1, arg) - depth;
    return arg ? module_read(*(int *)arg, 20) : 7;
}

static long own_callback(int depth, void *arg) { return module_pointer()(depth, arg); }

static void *waits(void *arg) {
    int *fds = arg;
    waiting++;
    long byte = module_call(own_callback, 30, &fds[0]);
    read_right += byte == 'a' + 53;
    return NULL;
}

static void *calls(void *arg) {
    (void)arg;
    printf("callback %ld\n", module_call(program_callback, 5, NULL));
    printf("sum %ld\n", module_sum(6, 1L, 2.0, 3L, 4.0, 5L, 6.0));
    printf("sums %ld\n", module_sum(24, 1L, 2.0, 3L, 4.0, 5L, 6.0, 7L, 8.0, 9L, 10.0, 11L, 12.0, 13L, 14.0, 15L, 16.0, 17L, 18.0, 19L, 20.0,
                                   21L, 22.0, 23L, 24.0));
    printf("many %.1f\n", module_many(1, 2.5, 3, 4, 5, 6, 7, 8.5, 9, 10, 11.5L));
    printf("count %d\n", (module_count(), module_count()));
    printf("hook %d\n", module_asks_hook());
    printf("handled %d\n", module_raise(SIGUSR1));
    return NULL;
}

int module_hook(void) { return 2; }

int main(void) {
    pthread_t threads[THREADS], one;
    for (int i = 0; i < THREADS; i++)
        if (pipe(pipes[i]) || pthread_create(&threads[i], NULL, waits, pipes[i])) return 1;
    while (waiting < THREADS) usleep(1000);
    usleep(10000);
    for (int i = 0; i < THREADS; i++)
        if (write(pipes[i][1], "a", 1) != 1) return 1;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("read %d\n", read_right);
    pthread_create(&one, NULL, calls, NULL);
    pthread_join(one, NULL);
    calls(NULL);
    fflush(stdout);
    return 0;
}
