/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads a library through another one and has it poll; says whose poll the loaded library binds to. Does not name poll itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void *load(void);

int main(void)
{
    Dl_info info;
    void *library = load();
    if (!library) {
        printf("not loaded: %s\n", dlerror());
        return 1;
    }
    int (*wait_for)(int) = (int (*)(int))dlsym(library, "wait_for");
    void *poll_address = dlsym(RTLD_DEFAULT, "poll");
    if (!wait_for || !poll_address || !dladdr(poll_address, &info))
        return 1;
    printf("loaded; polled %d; poll is the %s's\n", wait_for(-1), strstr(info.dli_fname, "libc.so") ? "C library" : "program");
    return 0;
}
