/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A plugin compiled by plain clang: finds the program's exported function by itself and calls what it was given.
 */
#include <dlfcn.h>

int plugin_run(int (*given)(int), int argument) {
    int (*found)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "own_function");
    return found ? given(argument) + found(argument) : -1;
}
