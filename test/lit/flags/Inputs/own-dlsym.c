/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A shared object with a dlsym of its own, which goes on to libc's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

void *dlsym(void *restrict handle, const char *restrict name) {
    static void *(*next)(void *, const char *);
    if (!next) next = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (name[0] == 'a' && name[1] == '6') puts("own dlsym");
    return next(handle, name);
}
