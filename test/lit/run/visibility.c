/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Hidden, internal and protected functions, called by name, through pointers, and exported to libraries that find them by name.
 *
 * RUN: %run-matrix %s %t -rdynamic -ldl | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <dlfcn.h>

#define VISIBLE(kind, name) \
    __attribute__((visibility(kind))) KEEP int name(int n) { \
        char room[250]; \
        memset(room, 1, sizeof room); \
        return n == 0 ? 0 : name(n - 1) + room[OPAQUE(7)]; \
    }
VISIBLE("default", common)
VISIBLE("hidden", hidden)
VISIBLE("internal", internal)
VISIBLE("protected", protect)

static int (*const table[])(int) = {common, hidden, internal, protect};

static void body(void) {
    printf("%d %d %d %d\n", common(OPAQUE(50)), hidden(OPAQUE(50)), internal(OPAQUE(50)), protect(OPAQUE(50)));
    // CHECK: 50 50 50 50
    for (int i = 0; i < 4; i++)
        printf("%d ", table[OPAQUE(i)](40));
    // CHECK-NEXT: 40 40 40 40
    void *program = dlopen(NULL, RTLD_NOW);
    for (int i = 0; i < 4; i++) {
        const char *name = ((const char *[]){"common", "hidden", "internal", "protect"})[i];
        int (*found)(int) = (int (*)(int))dlsym(program, name);
        printf("%d%s", found ? found(30) : 0, found == table[i] ? "same " : " ");
    }
    puts("");
    // CHECK-SAME: 30same 0 0 30same
}

int main(void) {
    on_thread(body);
    return 0;
}
