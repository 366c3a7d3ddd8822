/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The comparator runs inside a call to libc, on the borrowed stack; leaving it by longjmp has to end that borrow, or the
 * next call of libc runs into its remains.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <setjmp.h>

static _Thread_local jmp_buf target;
static _Thread_local int countdown;

static KEEP int deep(int left) {
    volatile char room[150];
    room[0] = 0;
    return left == 0 ? room[0] : deep(left - 1) + room[0];
}

static int compare(const void *a, const void *b) {
    if (--countdown == 0)
        longjmp(target, 1 + deep(100));
    return *(const int *)a - *(const int *)b;
}

static KEEP int attempt(int count, int after) {
    int numbers[200];
    for (int i = 0; i < count; i++)
        numbers[i] = i * 7919 % 211;
    countdown = after;
    if (setjmp(target) != 0)
        return -1;
    qsort(numbers, (size_t)count, sizeof *numbers, compare);
    for (int i = 1; i < count; i++)
        if (numbers[i - 1] > numbers[i])
            return 0;
    return 1;
}

static void body(void) {
    int left = 0, sorted = 0;
    for (int i = 1; i <= 3000; i++) {
        int result = attempt(OPAQUE(200), i);
        left += result == -1;
        sorted += result == 1;
        char text[40];
        snprintf(text, sizeof text, "%d of %d", left, i); /* a call of libc after the jump */
    }
    printf("%s\n", left > 500 && left + sorted == 3000 ? "right" : "wrong");
    // CHECK: right
}

int main(void) {
    on_thread(body);
    body();
    // CHECK-NEXT: right
    return 0;
}
