// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that defines memcpy and memset with large frames: copies and zeroing that code generation turns into calls of them
// keep the stack's bound, unoptimised too, where each call is one that no instruction of the program names.
//
// RUN: %run-matrix %s %t -fno-builtin | FileCheck %s
// CHECK: copied 7 calls made: yes

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

struct block {
    char bytes[500];
};

static volatile int calls;

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    volatile char large[2000];
    large[0] = 1;
    calls += large[0];
    volatile char *t = to;
    const volatile char *f = from;
    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int c, size_t n) {
    volatile char large[3000];
    large[0] = 1;
    calls += large[0];
    volatile char *t = to;
    while (n--)
        *t++ = (char)c;
    return to;
}

__attribute__((noinline)) static struct block copy(const struct block *from) { return *from; }

static void *thread(void *arg) {
    struct block a = {{3, 4}}, b = copy(&a);
    *(int *)arg = b.bytes[0] + b.bytes[1];
    return NULL;
}

int main(void) {
    int sum = 0;
    pthread_t t;
    pthread_create(&t, NULL, thread, &sum);
    pthread_join(t, NULL);
    printf("copied %d calls made: %s\n", sum, calls ? "yes" : "no");
    return 0;
}
