/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A va_list made in one chunk is read from another (it points into the maker's frame), copied, and given to libc.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdarg.h>

static KEEP int format_deeper(int depth, char *buffer, size_t size, const char *format, va_list list) {
    volatile char room[300];
    room[0] = 0;
    if (depth > 0)
        return format_deeper(depth - 1, buffer, size, format, list) + room[0];
    return vsnprintf(buffer, size, format, list);
}

static KEEP int format_at(int depth, char *buffer, size_t size, const char *format, ...) {
    va_list list, copy;
    va_start(list, format);
    va_copy(copy, list);
    int length = format_deeper(depth, buffer, size, format, list);
    int again = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    va_end(list);
    return length == again ? length : -1;
}

static void body(void) {
    char buffer[200];
    for (int depth = 0; depth <= 1000; depth = depth * 9 + 1) {
        int length = format_at(depth, buffer, sizeof buffer, "%d %s %g %ld %c %x %.1f %Lg %d %d %d %g %g %g %g %g %g %g %g", 1, "two", 3.5,
                               4L, '5', 6, 7.0, 8.5L, 9, 10, 11, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5);
        printf("%d %d %s\n", depth, length, buffer);
    }
    // CHECK: 0 63 1 two 3.5 4 5 6 7.0 8.5 9 10 11 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5
    // CHECK-NEXT: 1 63 1 two 3.5 4 5 6 7.0 8.5 9 10 11 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5
    // CHECK-NEXT: 10 63
    // CHECK-NEXT: 91 63
    // CHECK-NEXT: 820 63
}

int main(void) {
    on_thread(body);
    return 0;
}
