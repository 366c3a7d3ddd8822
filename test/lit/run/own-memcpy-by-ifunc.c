// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program's own memcpy is an IFUNC: code generation's calls of it run what the resolver chose on the big stack.
//
// RUN: %run-matrix %s %t -fno-builtin | FileCheck %s
// CHECK: copied 7

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

struct block {
    char bytes[5000];
};

static void *slow(void *restrict to, const void *restrict from, size_t n) {
    volatile char large[3000];
    large[0] = 1;
    volatile char *t = to;
    const volatile char *f = from;
    while (n--)
        *t++ = *f++;
    return to;
}

static void *(*resolve(void))(void *restrict, const void *restrict, size_t) { return slow; }
void *memcpy(void *restrict to, const void *restrict from, size_t n) __attribute__((ifunc("resolve")));

__attribute__((noinline)) static struct block copy(const struct block *from) { return *from; }

static void *thread(void *arg) {
    static struct block a = {{3, 4}};
    struct block b = copy(&a);
    *(int *)arg = b.bytes[0] + b.bytes[1];
    return NULL;
}

int main(void) {
    int sum = 0;
    pthread_t t;
    pthread_create(&t, NULL, thread, &sum);
    pthread_join(t, NULL);
    printf("copied %d\n", sum);
    return 0;
}
