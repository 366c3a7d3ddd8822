// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program's own memcpy is a naked function with a large frame, whose need nothing tells: calls of it, code generation's too,
// run it on the big stack.
//
// RUN: %run-matrix %s %t -fno-builtin | FileCheck %s
// CHECK: copied 7

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

struct block {
    char bytes[5000];
};

__attribute__((naked)) void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    __asm__("subq $3000, %rsp\n\tmovq $1, (%rsp)\n\tmovq %rdi, %rax\n\tmovq %rdx, %rcx\n\trep movsb\n\taddq $3000, %rsp\n\tret");
}

static volatile size_t size = sizeof(struct block);

__attribute__((noinline)) static struct block copy(const struct block *from) { return *from; }

static void *thread(void *arg) {
    static struct block a = {{3, 4}};
    struct block b = copy(&a), c;
    memcpy(&c, &a, size);
    *(int *)arg = b.bytes[0] + c.bytes[1];
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
