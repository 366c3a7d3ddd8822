/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Has its graph written again and again while two threads yield, then waits at a place of its own, and takes long after its end.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#define YIELDS 20000

static void *yields(void *arg)
{
    for (int i = 0; i < YIELDS; i++)
        sched_yield();
    return arg;
}

static void at_the_end(void)
{
    usleep(1);
}

__attribute__((destructor(101))) static void late(void)
{
    for (volatile int i = 0; i < 3000000; i++)
        ;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, yields, NULL))
            return 1;
    for (int i = 0; i < 8; i++) {
        kill(getpid(), SIGUSR2);
        usleep(100);
        for (int k = 0; k < 200; k++)
            sched_yield();
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    at_the_end();
    return 0;
}
