/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that wait inside comparators which libc calls: each keeps a big stack, and goes on when it is let. The
 * comparator makes external calls that call back again, to a depth, and waits there too.
 *
 * RUN: %run-matrix %s %t -D_GNU_SOURCE | FileCheck %s
 */
#include "Inputs/on-thread.h"

#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

enum { THREADS = 12, NUMBERS = 40, NESTED = 5 };
static sem_t turns[THREADS];
static _Atomic int order_kept = 1, sorted, found, level;

static int by_value(const void *a, const void *b) {
    char text[400];
    snprintf(text, sizeof text, "%d %d", *(const int *)a, *(const int *)b);
    sched_yield();
    return *(const int *)a - *(const int *)b;
}

/* bsearch in a comparator of bsearch in ... */
static int nested(const void *key, const void *element) {
    static const int numbers[] = {1, 2, 3};
    volatile char room[300];
    room[0] = 7;
    if (*(const int *)key < NESTED) {
        int deeper = *(const int *)key + 1;
        bsearch(&deeper, numbers, 1, sizeof *numbers, nested);
    } else {
        level++;
        usleep(100);
    }
    return room[0] == 7 ? 0 : *(const int *)element;
}

static int waits_for_turn(const void *a, const void *b, void *self) {
    int me = (int)(long)self, zero = 0;
    sem_wait(&turns[me]);
    order_kept &= *(const int *)a / 1000 == me && *(const int *)b / 1000 == me;
    found += bsearch(&zero, a, 1, sizeof(int), nested) == a;
    int result = by_value(a, b);
    sem_post(&turns[(me + 1) % THREADS]);
    sem_post(&turns[me]); /* so that nobody waits for one that has done */
    sched_yield();
    return result;
}

static void *sorts(void *self) {
    int numbers[NUMBERS], right = 1;
    for (int i = 0; i < NUMBERS; i++) numbers[i] = (int)(long)self * 1000 + i * 17 % 41;
    qsort_r(numbers, NUMBERS, sizeof *numbers, waits_for_turn, self);
    for (int i = 1; i < NUMBERS; i++) right &= numbers[i - 1] < numbers[i];
    sorted += right;
    return NULL;
}

static void body(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) sem_init(&turns[i], 0, 0);
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, sorts, (void *)i)) exit(1);
    usleep(1000);
    sem_post(&turns[0]);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("sorted %d, order %d, calls nested %d\n", sorted, order_kept, level == found && level > THREADS * NUMBERS);
}

int main(void) {
    on_thread(body);
    return 0;
}
// CHECK: sorted 12, order 1, calls nested 1
