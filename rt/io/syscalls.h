/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The kernel, called directly. libc's wrappers are out of bounds here: the runtime replaces most of them, the rest would be run
 * on the big stack, and all of them store errno, which belongs to whatever thread runs. These return the kernel's own value:
 * -errno on failure. One instruction and no memory, so they need no stack.
 */
#ifndef CAPR_IO_SYSCALLS_H
#define CAPR_IO_SYSCALLS_H

#include <errno.h>
#include <sys/syscall.h>

#include "../layout.h"

#define CAPR_INLINE static inline __attribute__((always_inline))

CAPR_INLINE long capr__sys6(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

CAPR_INLINE long capr__sys4(long number, long a, long b, long c, long d) {
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

CAPR_INLINE long capr__sys3(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

CAPR_INLINE long capr__sys2(long number, long a, long b) { return capr__sys3(number, a, b, 0); }
CAPR_INLINE long capr__sys1(long number, long a) { return capr__sys3(number, a, 0, 0); }

CAPR_INLINE int capr__is_error(long result) { return (unsigned long)result > -4096UL; }

/* The one place where the kernel's -errno becomes errno and -1. On a worker errno's address is at hand; elsewhere (a kernel
 * thread that a library made) libc knows it. */
CAPR_INLINE long capr__result(long result) {
    if (__builtin_expect(capr__is_error(result), 0)) {
        int *err = capr__worker.err;
        if (err)
            *err = (int)-result;
        else
            errno = (int)-result;
        return -1;
    }
    return result;
}

#endif
