/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens the library named on the command line on a thread, lets it call back, then calls its own exported function
 * through dlsym.
 */
#include "../../run/Inputs/on-thread.h"
#include <dlfcn.h>

static const char *path;

int own_function(int left) {
    volatile char room[150];
    room[0] = 1;
    return left == 0 ? 0 : own_function(left - 1) + room[0];
}

static int doubled(int left) { return own_function(left) * 2; }

static void body(void) {
    void *library = dlopen(path, RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return;
    }
    int (*run)(int (*)(int), int) = (int (*)(int (*)(int), int))dlsym(library, "plugin_run");
    printf("plugin %d\n", run(doubled, 1000));
    int (*own)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "own_function");
    printf("own %d\n", own ? own(5000) : -1);
    dlclose(library);
}

int main(int count, char **arguments) {
    path = count > 1 ? arguments[1] : "";
    on_thread(body);
    return 0;
}
