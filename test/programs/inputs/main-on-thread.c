/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a program's main, compiled with -Dmain=program_main, on a thread with default attributes: the main thread has its
 * kernel stack to start with, where little ever links, so a program that lives there tests linked stacks too little.
 */
#include <pthread.h>
#include <stdlib.h>

int program_main(int count, char **arguments);

static int saved_count;
static char **saved_arguments;

static void *entry(void *unused) {
    (void)unused;
    exit(program_main(saved_count, saved_arguments));
}

int main(int count, char **arguments) {
    saved_count = count;
    saved_arguments = arguments;
    pthread_t thread;
    if (pthread_create(&thread, NULL, entry, NULL) != 0)
        return 125;
    pthread_join(thread, NULL);
    return 125;
}
