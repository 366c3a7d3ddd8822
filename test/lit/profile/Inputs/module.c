/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A plugin. `round` needs more room than a small chunk has, and waits; `start` is a thread's.
 */
#include <string.h>
#include <unistd.h>

int round(int n)
{
    char bytes[ROOM];
    memset(bytes, n, sizeof bytes);
    __asm__ volatile("" : : "r"(bytes) : "memory");
    usleep(1);
    return bytes[n];
}

void *start(void *arg)
{
    usleep(1);
    return arg;
}
