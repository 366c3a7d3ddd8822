/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that take blocks of a known size between two waits, one by each function that there is, and give them back later. C++ as well.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 5000
#define ROUNDS 20

static char text[SIZE];
static void *volatile kept[ROUNDS];

/* A thread that goes from sched_yield to sched_yield by one statement, which is one edge from the node to itself. */
#define LOOP(name, statement)                                                                                                          \
    static void *name(void *arg)                                                                                                       \
    {                                                                                                                                  \
        for (volatile int i = 0; i < ROUNDS; i++) {                                                                                    \
            statement;                                                                                                                 \
            usleep(1);                                                                                                                 \
        }                                                                                                                              \
        return arg;                                                                                                                    \
    }

LOOP(by_malloc, kept[i] = malloc(SIZE))
LOOP(by_strdup, kept[i] = strdup(text))
LOOP(by_memalign, {
    void *p;
    kept[i] = posix_memalign(&p, 64, SIZE) ? NULL : p;
})
LOOP(by_asprintf, {
    char *p;
    kept[i] = asprintf(&p, "%*d", SIZE - 1, 1) < 0 ? NULL : p;
})
LOOP(by_getline, {
    FILE *f = fmemopen(text, SIZE - 1, "r");
    char *p = NULL;
    size_t n = 0;
    kept[i] = f && getline(&p, &n, f) > 0 ? p : NULL;
    fclose(f);
})
LOOP(by_free, free(kept[i]))
#ifdef __cplusplus
LOOP(by_new, kept[i] = new char[SIZE])
LOOP(by_delete, delete[](char *) kept[i])
#endif

static void run(void *(*taking)(void *), void *(*giving)(void *))
{
    pthread_t thread;
    for (int i = 0; i < ROUNDS; i++)
        kept[i] = NULL;
    if (pthread_create(&thread, NULL, taking, NULL))
        exit(1);
    pthread_join(thread, NULL);
    for (int i = 0; i < ROUNDS; i++)
        if (!kept[i])
            exit(2);
    if (pthread_create(&thread, NULL, giving, NULL))
        exit(1);
    pthread_join(thread, NULL);
}

int main(void)
{
    memset(text, 'x', SIZE - 2);
    text[SIZE - 2] = '\n';
    run(by_malloc, by_free);
    run(by_strdup, by_free);
    run(by_memalign, by_free);
    run(by_asprintf, by_free);
    run(by_getline, by_free);
#ifdef __cplusplus
    run(by_new, by_delete);
#endif
    return 0;
}
