/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Comes first in each of the runtime's sources for ThreadSanitizer. libc's headers declare the address of errno a constant, which it is not
 * where a thread goes on in another worker; elsewhere the pass sees to it (passes/WorkerAddresses.cpp).
 */
#include <sys/cdefs.h>
#undef __attribute_const__
#define __attribute_const__
