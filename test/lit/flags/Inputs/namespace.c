// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <alloca.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local int count;

static int deep(int n, int (*callback)(int)) {
    if (n == 0)
        return callback(count);
    char *block = alloca((size_t)n);
    memset(block, 1, (size_t)n);
    count += block[n - 1];
    return deep(n - 1, callback);
}

static int backwards(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }

int work(int n, int (*callback)(int)) {
    int numbers[] = {1, 3, 2};
    count = 0;
    qsort(numbers, 3, sizeof *numbers, backwards);
    return deep(n, callback) * 10 + numbers[0];
}
