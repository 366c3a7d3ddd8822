/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What most run tests need: a body that runs on a thread with default attributes (the main thread may have a stack of another
 * kind), functions that stay functions, and values that the optimiser cannot know.
 */
#ifndef ON_THREAD_H
#define ON_THREAD_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not inlined, so that a call stays a call. */
#define KEEP __attribute__((noinline))

/* Hides where a value came from. */
#define OPAQUE(x) ({ __typeof__(x) opaque_ = (x); __asm__ volatile("" : "+r"(opaque_)); opaque_; })

static void *on_thread_entry(void *body) {
    ((void (*)(void))body)();
    return NULL;
}

/* Runs `body` on a new thread with default attributes and waits for its end. Blocks. */
static void on_thread(void (*body)(void)) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, on_thread_entry, (void *)body);
    if (error == 0)
        error = pthread_join(thread, NULL);
    if (error != 0) {
        fprintf(stderr, "on_thread: %s\n", strerror(error));
        exit(1);
    }
}

#endif
