// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) int recurse(int n) {
    char buffer[300];
    memset(buffer, n, sizeof buffer);
    __asm__ volatile("" : : "r"(buffer) : "memory");
    return n ? recurse(n - 1) + buffer[3] : 0;
}
int wrap(int n) { return recurse(n); }
int (*volatile wrapped)(int) = wrap;
const char *const words[] = {"none", "one"};
int main(void) { printf("%d %s\n", wrapped(10), words[1]); }
