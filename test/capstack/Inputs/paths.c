/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ways in which paths go through a program: recursion, frames large and aligned, dynamic allocas, tables of jumps, computed gotos, calls
 * through pointers with and without variable arguments, functions that do not return.
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static int climb(int n)
{
    volatile char buffer[400];
    memset((char *)buffer, n, sizeof buffer);
    return n == 0 ? buffer[7] : climb(n - 1) + buffer[n];
}

/* Its last two arguments lie on the stack. */
__attribute__((noinline)) static int spill(int a, int b, int c, int d, int e, int f, int g, int h)
{
    volatile char buffer[40];
    buffer[a] = (char)b;
    return a == 0 ? climb(b & 1) + buffer[0] + h : spill(a - 1, c, d, e, f, g, h, b) + b;
}

__attribute__((noinline)) static void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(3);
}

__attribute__((noinline)) static int choose(int n, int m)
{
    switch (n) {
    case 0: return printf("none\n");
    case 1: return climb(m);
    case 2: return m * 3;
    case 3: return puts("three");
    case 4: return climb(m / 2) - 4;
    case 5: return m << 2;
    default: give_up("no such case");
    }
    return 0;
}

__attribute__((noinline)) static int interpret(const unsigned char *code)
{
    static const void *const labels[] = {&&stop, &&more, &&less, &&twice};
    int value = 1;
    goto *labels[*code++ & 3];
more:
    value++;
    goto *labels[*code++ & 3];
less:
    value--;
    goto *labels[*code++ & 3];
twice:
    value = climb(value & 3) + 2 * value;
    goto *labels[*code++ & 3];
stop:
    return value;
}

__attribute__((noinline)) static int sum(int count, ...)
{
    va_list list;
    int total = 0;
    va_start(list, count);
    while (count--)
        total += va_arg(list, int);
    va_end(list);
    return total;
}

__attribute__((noinline)) static int aligned(int n)
{
    _Alignas(128) volatile char block[256];
    block[n & 255] = (char)n;
    return block[n & 255] + climb(n & 3);
}

__attribute__((noinline)) static int dynamic(int n)
{
    int total = 0;
    for (int i = 1; i < n; i++) {
        char *block = alloca((size_t)i * 16);
        memset(block, i, (size_t)i * 16);
        char line[i + 8];
        snprintf(line, sizeof line, "%d", i);
        total += block[i] + line[0] + climb(i & 1);
    }
    return total;
}

/* Called through a pointer, and needs so little that no check stands before it. */
__attribute__((noinline)) static int value(const void *a) { return *(volatile const int *)a; }
static int by_value(const void *a, const void *b) { return value(a) - value(b); }

static jmp_buf back;
static int (*volatile through)(int) = climb;
static int (*volatile with_many)(int, ...) = sum;

static void *walk_paths(void *arg)
{
    int values[] = {4, 1, 3, 2};
    qsort(values, 4, sizeof *values, by_value);
    printf("%d %d %d\n", values[0], choose((int)(long)arg, values[1]), interpret((const unsigned char *)"\1\3\2\1\3\0"));
    printf("%d\n", spill(values[3], 1, 2, 3, 4, 5, 6, 7));
    printf("%d %d %d\n", through(3), with_many(3, 1, 2, 3), aligned(values[2]));
    if (setjmp(back) == 0)
        longjmp(back, dynamic(9));
    return NULL;
}

int main(int count, char **words)
{
    (void)words;
    pthread_t thread;
    pthread_create(&thread, NULL, walk_paths, (void *)(long)count);
    return pthread_join(thread, NULL);
}
