/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the runtime says, always one line on standard error that starts with `capriccio: `. Plain code: runs on a big stack or
 * the service stack, keeps errno.
 */
#ifndef CAPR_MESSAGE_H
#define CAPR_MESSAGE_H

#include "../layout.h"

#define CAPR_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* A warning; the program goes on. */
CAPR_HIDDEN void capr__warn(const char *format, ...) CAPR_PRINTF(1, 2);

/* An error that ends the program with SIGABRT. */
CAPR_HIDDEN _Noreturn void capr__fatal(const char *format, ...) CAPR_PRINTF(1, 2);

/* The same, naming the running thread and the function that it was started with. */
CAPR_HIDDEN _Noreturn void capr__fatal_thread(const char *format, ...) CAPR_PRINTF(1, 2);

/* Writes the name of the function at `address` to `name`, or the address in hexadecimal where the executable has no symbol for
 * it. */
CAPR_HIDDEN void capr__function_name(uint64_t address, char *name, size_t size);

/* Writes all of it to a descriptor by the kernel's own call, whatever the program did to stdio. */
CAPR_HIDDEN void capr__write_all(int fd, const char *text, size_t length);

#endif
