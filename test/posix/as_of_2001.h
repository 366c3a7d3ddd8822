/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Included before each test of the suite: headers that other systems' headers bring along, and options in the version of POSIX that
 * the suite was written for (it asks for that very year, and calls itself unsupported by a later one).
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#undef _POSIX_ASYNCHRONOUS_IO
#define _POSIX_ASYNCHRONOUS_IO 200112L
