/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Prints what the build system found out about the compiler, and the depth of a recursion on a thread.
 */
#include "config.h"
#include "walk.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

#ifndef HAVE_NO_SUCH_FUNCTION /* autoconf leaves undefined what it did not find */
#define HAVE_NO_SUCH_FUNCTION 0
#endif

static void *entry(void *depth) {
    *(int *)depth = walk(*(int *)depth);
    return NULL;
}

int main(int count, char **arguments) {
    (void)arguments;
    pthread_t thread;
    int depth = 50000;
    if (pthread_create(&thread, NULL, entry, &depth) || pthread_join(thread, NULL))
        return 1;
    printf("depth %d, sizeof long %d, epoll %d, no_such_function %d, sqrt %.0f\n", depth, (int)SIZEOF_LONG, HAVE_EPOLL_CREATE1,
           HAVE_NO_SUCH_FUNCTION, sqrt(count * 16.0));
    return 0;
}
