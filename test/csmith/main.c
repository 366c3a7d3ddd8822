/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs one of the random programs that are linked together, named by its number, on a thread of its own: each main of csmith's
 * has been compiled as program_NUMBER. Many in one link, since a link costs more than the program. Beside it another thread wants a
 * turn all the time, so that the program's end wherever it is (CAPRICCIO_SLICE). Exit status: the program's, or 2 when there is no
 * such number.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM(number) int program_##number(int, char **);
#include "programs.inc"
#undef PROGRAM

typedef int (*program)(int, char **);

static const struct {
    int number;
    program run;
} programs[] = {
#define PROGRAM(number) {number, program_##number},
#include "programs.inc"
#undef PROGRAM
};

static char *arguments[] = {"program", NULL};

static void *run(void *arg)
{
    return (void *)(intptr_t)(*(const program *)arg)(1, arguments);
}

static void *want_turns(void *unused)
{
    for (;;)
        usleep(20);
    return unused;
}

int main(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : -1;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        pthread_t thread, other;
        void *status;
        if (programs[i].number != number)
            continue;
        if (pthread_create(&other, NULL, want_turns, NULL) || pthread_create(&thread, NULL, run, (void *)(uintptr_t)&programs[i].run) || pthread_join(thread, &status))
            return 2;
        return (int)(intptr_t)status;
    }
    fprintf(stderr, "%s: error: no program of that number; the numbers are in programs.inc\n", argv[0]);
    return 2;
}
