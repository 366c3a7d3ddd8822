/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A shared object that stands before libc: its a64l goes on to the next definition, which it looks for in several ways (never
 * to itself: then it says so and ends), and opens a library that only its own search path finds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long a64l_function(const char *);

static int depth;

static long go_on(const char *way, void *next, const char *text) {
    char room[300]; // so that small stacks are left now and then
    strcpy(room, text);
    if (!next || depth) {
        printf("%s: found %s\n", way, next ? "itself" : "nothing");
        exit(1);
    }
    depth++;
    long value = ((a64l_function *)next)(room);
    depth--;
    printf("%s: %ld\n", way, value);
    return value;
}

static void use(const char *way, void *library) {
    int (*triple)(int) = library ? (int (*)(int))dlsym(library, "triple") : NULL;
    printf("%s: %s\n", way, !library ? dlerror() : !triple ? "no triple" : triple(14) == 42 ? "42" : "wrong");
    if (library) dlclose(library);
}

__attribute__((constructor)) static void load(void) { use("constructor", dlopen("libtriple.so", RTLD_NOW)); }

long a64l(const char *text) {
    void *(*volatile pointer)(void *restrict, const char *restrict) = dlsym;
    use("dlopen", dlopen("libtriple.so", RTLD_NOW));
    use("dlmopen", dlmopen(LM_ID_BASE, "libtriple.so", RTLD_NOW));
    return go_on("dlsym", dlsym(RTLD_NEXT, "a64l"), text) + go_on("dlvsym", dlvsym(RTLD_NEXT, "a64l", "GLIBC_2.2.5"), text) +
           go_on("pointer", pointer(RTLD_NEXT, "a64l"), text);
}

#ifdef DEFINES_DLOPEN
void *dlopen(const char *name, int mode) {
    void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    printf("next dlopen: %s\n", next == dlopen ? "itself" : "another");
    return next(name, mode);
}
#endif
