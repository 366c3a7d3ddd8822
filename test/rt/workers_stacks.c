/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Stacks that the program supplies, freed and filled with other things as soon as their threads are joined, by threads of several workers.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define THREADS 8
#define ROUNDS 300
#define BYTES 65536

static void *sleep_there(void *unused) {
    usleep(50);
    return unused;
}

static void *supply(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_attr_t attr;
        pthread_t thread;
        char *stack = malloc(BYTES);
        CHECK(stack != NULL);
        CHECK_EQUAL(pthread_attr_init(&attr), 0);
        CHECK_EQUAL(pthread_attr_setstack(&attr, stack, BYTES), 0);
        CHECK_EQUAL(pthread_create(&thread, &attr, sleep_there, NULL), 0);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        memset(stack, 0x55, BYTES);
        free(stack);
    }
    return unused;
}

int main(void) {
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, supply, NULL), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    return 0;
}
