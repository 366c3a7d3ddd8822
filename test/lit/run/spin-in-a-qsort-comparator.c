/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop that waits inside a comparator which libc calls: the thread keeps the big stack that libc's frames are on.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int asked, answered;

static void *answers(void *unused) {
    for (;;) {
        int n = atomic_load(&asked);
        if (n < 0) return unused;
        if (n != atomic_load(&answered)) atomic_store(&answered, n);
    }
}

static int compare(const void *a, const void *b) {
    int n = atomic_fetch_add(&asked, 1) + 1;
    while (atomic_load(&answered) != n) {
    }
    return *(const int *)a - *(const int *)b;
}

int main(void) {
    int numbers[] = {5, 3, 9, 1, 7, 2, 8, 6, 4, 0};
    pthread_t t;
    pthread_create(&t, NULL, answers, NULL);
    qsort(numbers, 10, sizeof *numbers, compare);
    atomic_store(&asked, -1);
    pthread_join(t, NULL);
    for (int i = 0; i < 10; i++) printf("%d ", numbers[i]);
    printf("\n");
    return 0;
}
// CHECK: 0 1 2 3 4 5 6 7 8 9
