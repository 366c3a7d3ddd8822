/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions with variable arguments, the runtime's and the program's, kept and called as functions of fixed ones, as tables of system
 * calls keep open and fcntl: from every depth of a small stack, with arguments in registers and on the stack.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

static KEEP long sum(int count, ...) {
    char buffer[6000];
    memset(buffer, count, sizeof buffer);
    __asm__ volatile("" : : "r"(buffer) : "memory");
    va_list list;
    va_start(list, count);
    long result = buffer[5999];
    for (int i = 0; i < count; i++)
        result += va_arg(list, long) * (i + 1);
    va_end(list);
    return result;
}

static int (*volatile open_it)(const char *, int, mode_t) = (int (*)(const char *, int, mode_t))open;
static int (*volatile control)(int, int, long) = (int (*)(int, int, long))fcntl;
static long (*volatile sum_in_registers)(int, long, long) = (long (*)(int, long, long))sum;
static long (*volatile sum_on_stack)(int, long, long, long, long, long, long, long) =
    (long (*)(int, long, long, long, long, long, long, long))sum;

static KEEP long at_depth(int depth) {
    char frame[40];
    memset(frame, 1, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory");
    if (depth > 0)
        return at_depth(depth - 1) + frame[depth % 40] - 1;
    int file = open_it("/dev/null", O_RDONLY | O_CLOEXEC, 0);
    long flags = control(file, F_GETFD, 0);
    close(file);
    return (file >= 0) + (flags == FD_CLOEXEC) + sum_in_registers(2, 10, 100) + sum_on_stack(7, 1, 2, 3, 4, 5, 6, 7);
}

static void body(void) {
    long total = 0;
    for (int depth = 0; depth < 100; depth++)
        total += at_depth(depth);
    printf("%ld\n", total);
    // CHECK: 36100
}

int main(void) {
    on_thread(body);
    return 0;
}
