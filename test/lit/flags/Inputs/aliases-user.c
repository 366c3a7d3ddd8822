// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdio.h>
int twice(int), by_names(int), bares(int);

/* Replaces the library's, and is built on it. */
int get(int n) { return n > 100 ? -1 : twice(n + 50); }
int bare(int n) { return n + 20; }

int main(void) { printf("%d %d %d %d\n", twice(1), get(1), by_names(1), bares(1)); }
