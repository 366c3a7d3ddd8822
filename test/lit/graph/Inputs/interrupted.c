/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two functions send their own thread a signal whose handler waits. Neither call is one that the word counts, so that both handlers have the word of
 * one chain.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define APART __attribute__((noinline)) static

static volatile int handled;

static void handler(int number)
{
    (void)number;
    usleep(1);
    handled++;
}

APART void first(void)
{
    pthread_kill(pthread_self(), SIGUSR1);
    usleep(1);
    handled++;
}

APART void second(void)
{
    pthread_kill(pthread_self(), SIGUSR1);
    usleep(1);
    handled++;
}

static void *thread(void *arg)
{
    for (int i = 0; i < 10; i++) {
        first();
        second();
    }
    return arg;
}

int main(void)
{
    pthread_t id;
    signal(SIGUSR1, handler);
    if (pthread_create(&id, NULL, thread, NULL) || pthread_join(id, NULL))
        return 1;
    printf("%d\n", handled);
    return 0;
}
