/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that wait for each other (mutex, condition, pipe) at the bottom of recursions of different depth: while one is
 * blocked its chunks stay, while others link and give back theirs; also inside a comparator, on a borrowed stack.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdint.h>
#include <unistd.h>

enum { THREADS = 40, ROUNDS = 50 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;
static int ring[THREADS][2];

static KEEP void wait_for_turn(int me) {
    pthread_mutex_lock(&mutex);
    while (turn % THREADS != me)
        pthread_cond_wait(&changed, &mutex);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static KEEP void pass_token(int me) {
    char token;
    if (read(ring[me][0], &token, 1) == 1 && write(ring[(me + 1) % THREADS][1], &token, 1) == 1)
        return;
    puts("token lost");
}

static KEEP int descend(int left, int me, void (*bottom)(int)) {
    volatile unsigned char room[180];
    room[179] = (unsigned char)(left ^ me);
    int below = 0;
    if (left == 0)
        bottom(me);
    else
        below = descend(left - 1, me, bottom);
    return below + (room[179] == (unsigned char)(left ^ me));
}

static _Thread_local int sorting_me;
static int compare(const void *a, const void *b) {
    descend(10, sorting_me, pass_token);
    return *(const int *)a - *(const int *)b;
}

static void *entry(void *argument) {
    int me = (int)(intptr_t)argument, wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int depth = (me * 131 + round * 17) % 400;
        wrong += descend(depth, me, wait_for_turn) != depth + 1;
        wrong += descend(depth / 2, me, pass_token) != depth / 2 + 1;
        int pair[2] = {2, 1};
        sorting_me = me;
        qsort(pair, 2, sizeof *pair, compare);
        wrong += pair[0] != 1;
    }
    return (void *)(intptr_t)wrong;
}

int main(void) {
    pthread_t threads[THREADS];
    intptr_t wrong = 0;
    for (int i = 0; i < THREADS; i++)
        wrong += pipe(ring[i]) != 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, entry, (void *)(intptr_t)i);
    wrong += write(ring[0][1], "t", 1) != 1;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong += (intptr_t)result;
    }
    printf("wrong %ld turns %d\n", (long)wrong, turn);
    // CHECK: wrong 0 turns 2000
    return 0;
}
