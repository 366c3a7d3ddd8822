/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Five hundred threads live at once; each uses a 1 MiB frame, but never two at the same time: what one has given back
 * serves the next, so resident memory stays far below 500 MiB.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/resource.h>

enum { THREADS = 500, ROUNDS = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed[THREADS];
static int turn;

static KEEP int huge(int with) {
    unsigned char room[1 << 20];
    memset(room, with, sizeof room);
    return OPAQUE(&room[0])[777777];
}

static void *entry(void *argument) {
    int me = (int)((pthread_cond_t *)argument - turn_changed), wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&mutex);
        while (turn != me)
            pthread_cond_wait(&turn_changed[me], &mutex);
        wrong += huge(me) != (unsigned char)me;
        turn = (turn + 1) % THREADS;
        pthread_cond_signal(&turn_changed[turn]);
        pthread_mutex_unlock(&mutex);
    }
    return wrong ? argument : NULL;
}

int main(void) {
    static pthread_t threads[THREADS];
    int wrong = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_cond_init(&turn_changed[i], NULL);
    for (int i = 0; i < THREADS; i++)
        wrong += pthread_create(&threads[i], NULL, entry, &turn_changed[i]) != 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong += result != NULL;
    }
    printf("wrong %d\n", wrong);
    // CHECK: wrong 0
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "resident at most %ld KiB\n", usage.ru_maxrss);
    return 0;
}
