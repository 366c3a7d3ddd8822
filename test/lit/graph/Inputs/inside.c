/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A shared object that waits inside.
 */
#include "inside.h"

#include <setjmp.h>
#include <stddef.h>
#include <unistd.h>

static __attribute__((noinline)) void pause_twice(void)
{
    usleep(1);
    usleep(2);
    __asm__ volatile("");
}

void inside_wait(int times)
{
    for (int i = 0; i < times; i++)
        pause_twice();
}

void inside_call(inside_callback *back, int depth)
{
    if (depth)
        inside_call(back, depth - 1);
    else
        back(1);
    __asm__ volatile("");
}

void *inside_thread(void *arg)
{
    pause_twice();
    return arg;
}

static jmp_buf landing;

static __attribute__((noinline)) void leave(void)
{
    usleep(3);
    longjmp(landing, 1);
}

void inside_jump(void)
{
    if (!setjmp(landing))
        leave();
    usleep(4);
    __asm__ volatile("");
}

static void only_pointed(int us)
{
    usleep((unsigned)us);
    __asm__ volatile("");
}

inside_callback *inside_pointer(void) { return only_pointed; }
