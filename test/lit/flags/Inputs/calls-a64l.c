/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls a function of libc that other libraries replace, on a thread. With OPENS it refers to dlopen and dlsym itself.
 */
#include "../../run/Inputs/on-thread.h"
#ifdef OPENS
#include <dlfcn.h>
#endif

static void body(void) {
    printf("sum %ld\n", a64l("zz1"));
#ifdef OPENS
    void *own = dlopen(NULL, RTLD_NOW);
    puts(own && dlsym(own, "a64l") ? "program: found" : "program: not found");
#endif
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0); // what a recursion without end printed is seen
    on_thread(body);
    return 0;
}
