/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The one way for a runtime test to fail: says where, what and the errno of that moment, ends the process with status 1. Not assert,
 * which a build may turn off, nor anything that the runtime replaces. And how many descriptors are open, which tests of failures
 * count before and after.
 */
#ifndef CAPR_TEST_CHECK_H
#define CAPR_TEST_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: does not hold (errno %d)\n", __FILE__, __LINE__, #condition, errno);           \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#define CHECK_EQUAL(a, b)                                                                                              \
    do {                                                                                                               \
        long long check_a = (long long)(a), check_b = (long long)(b);                                                  \
        if (check_a != check_b) {                                                                                      \
            fprintf(stderr, "%s:%d: %s is %lld, %s is %lld (errno %d)\n", __FILE__, __LINE__, #a, check_a, #b, check_b,    \
                    errno);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#include <sys/syscall.h>
#include <unistd.h>

/* Open descriptors of this process. By the system call, of which the runtime knows nothing. */
static inline int check_descriptors(void) {
    int n = 0;
    for (int fd = 0; fd < 4096; fd++)
        n += syscall(SYS_fcntl, fd, 1 /* F_GETFD */) >= 0;
    return n;
}

#endif
