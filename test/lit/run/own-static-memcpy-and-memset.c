// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program with a static memcpy and memset of its own, with large frames: the calls that code generation makes on its own mean
// the library's, those of the program its own.
//
// RUN: %run-matrix %s %t -fno-builtin | FileCheck %s
// CHECK: copied 7, own calls: 1 and 1

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

struct block {
    char bytes[5000];
};

static volatile int copies, fills;
static volatile size_t one = 1;

static void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    volatile char large[2000];
    large[0] = 1;
    if (n == 1) copies += large[0];
    volatile char *t = to;
    const volatile char *f = from;
    while (n--)
        *t++ = *f++;
    return to;
}

static void *memset(void *to, int c, size_t n) {
    volatile char large[3000];
    large[0] = 1;
    if (n == 1) fills += large[0];
    volatile char *t = to;
    while (n--)
        *t++ = (char)c;
    return to;
}

__attribute__((noinline)) static struct block copy(const struct block *from) { return *from; }

static void *thread(void *arg) {
    static struct block a = {{3, 4}};
    struct block b = copy(&a), c = {{0}};
    char two[2];
    memcpy(two, "x", one);
    memset(two, 0, one);
    *(int *)arg = b.bytes[0] + b.bytes[1] + c.bytes[4000];
    return NULL;
}

int main(void) {
    int sum = 0;
    pthread_t t;
    pthread_create(&t, NULL, thread, &sum);
    pthread_join(t, NULL);
    printf("copied %d, own calls: %d and %d\n", sum, copies, fills);
    return 0;
}
