// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "many-bytes.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A frame larger than a big stack: what calls this there has to be left, with the arguments. */
static int called(int count, ...) {
    char huge[9000000];
    memset(huge, count, sizeof huge);
    __asm__ volatile("" : : "r"(huge) : "memory");
    va_list list;
    va_start(list, count);
    struct bytes x = va_arg(list, struct bytes);
    int one = va_arg(list, int);
    struct bytes y = va_arg(list, struct bytes);
    int seven = va_arg(list, int);
    va_end(list);
    return x.at[BYTES - 1] + one * 10 + y.at[BYTES - 1] * 100 + seven * 1000;
}

static void *start(void *unused) {
    static struct bytes b;
    memset(&b, 5, sizeof b);
    printf("%d\n", call_back(called, b));
#ifdef WITH_SUM
    printf("%d\n", sum(2, b, b));
#endif
    return unused;
}

int main(void) {
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 20);
    pthread_t t;
    pthread_create(&t, &attr, start, NULL);
    pthread_join(t, NULL);
}
