/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A start routine of the same name as one of begins.c.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *same(void *arg)
{
    usleep(1);
    return arg;
}

void run_too(void)
{
    pthread_t thread;
    for (int i = 0; i < 5; i++)
        if (pthread_create(&thread, NULL, same, NULL) || pthread_join(thread, NULL))
            exit(1);
}
