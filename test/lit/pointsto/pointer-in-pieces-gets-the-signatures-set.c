// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %capcc -O0 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/O0 && %t/O0 | FileCheck %s
// RUN: %capcc -O2 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/O2 && %t/O2 | FileCheck %s
// REQUIRES: capcc
// Pointers that are copied by four bytes at a time, put together from bytes, or read back from text are not followed: a site
// that nothing else reaches must not be left with an empty set.
// CHECK: 3 2 2
#include <stdio.h>
#include <string.h>

typedef int function(int);
static __attribute__((noinline)) int one_more(int n) { return n + 1; }
static __attribute__((noinline)) int two_more(int n) { return n + 2; }

static __attribute__((noinline)) void copy_by_words(volatile int *to, const volatile int *from, int n) {
    while (n--)
        *to++ = *from++;
}

static __attribute__((noinline)) function *from_bytes(function *f) {
    unsigned char bytes[8];
    unsigned long value = 0;
    memcpy(bytes, &f, 8);
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return (function *)value;
}

int main(void) {
    function *both[2] = {one_more, two_more}, *copies[2];
    copy_by_words((int *)copies, (int *)both, 4);
    char text[40];
    void *read_back;
    sprintf(text, "%p", (void *)one_more);
    sscanf(text, "%p", &read_back);
    printf("%d %d %d\n", copies[1](1), from_bytes(one_more)(1), ((function *)read_back)(1));
    return 0;
}
