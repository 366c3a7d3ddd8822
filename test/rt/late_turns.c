/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sixteen threads compute without end, one waits for bytes: it goes ahead of those whose turns were ended by force, so that between a
 * byte and its reader few of them have had a turn. Counted in turns, not in time.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define THREADS 16
#define BYTES 20

struct shared {
    volatile long turns, last; /* changes of who computes */
    long at_write[BYTES];
};
static struct shared *shared;
static int ends[2];

static __attribute__((noinline)) void look(long me) {
    if (shared->last != me) {
        shared->last = me;
        shared->turns++;
    }
}

static void *computes(void *arg) {
    for (long i = 0; i < 1l << 40; i++) /* a loop that looked at memory for its end would give way by itself */
        look((long)arg);
    return NULL;
}

int main(void) {
    pthread_t t[THREADS];
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        while (shared->turns < 3 * THREADS) /* all have begun */
            usleep(1000);
        for (int i = 0; i < BYTES; i++) {
            usleep(33000);
            shared->at_write[i] = shared->turns;
            if (write(ends[1], "x", 1) != 1) _exit(1);
        }
        _exit(0);
    }
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, computes, (void *)(i + 1)), 0);
    int late = 0;
    char byte;
    for (int i = 0; i < BYTES; i++) {
        CHECK_EQUAL(read(ends[0], &byte, 1), 1);
        late += shared->turns - shared->at_write[i] > 4;
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    CHECK(late <= BYTES / 4);
    _exit(0); /* the others have no end */
}
