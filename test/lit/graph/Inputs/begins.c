/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread of each way to begin one.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

void run_too(void);

static void *same(void *arg)
{
    usleep(1000);
    return arg;
}

void *exported(void *arg)
{
    usleep(1000);
    return arg;
}

/* Never blocks. */
static void *computes(void *arg)
{
    for (volatile int i = 0; i < 1000; i++) {
    }
    return arg;
}

static int of_c11(void *arg)
{
    (void)arg;
    thrd_sleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return 0;
}

static volatile int notified;
static void notify(union sigval value) { notified = value.sival_int; }

static void run(void *(*routine)(void *), int times)
{
    pthread_t thread;
    for (int i = 0; i < times; i++)
        if (pthread_create(&thread, NULL, routine, NULL) || pthread_join(thread, NULL))
            exit(1);
}

int main(void)
{
    run(exported, 2);
    run(same, 3);
    run_too();
    run(computes, 4);
    run((void *(*)(void *))abs, 1);

    thrd_t thread;
    if (thrd_create(&thread, of_c11, NULL) || thrd_join(thread, NULL))
        return 1;
    run(same, 1);

    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = notify, .sigev_value.sival_int = 1};
    const struct itimerspec soon = {.it_value.tv_nsec = 1000};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &soon, NULL))
        return 1;
    while (!notified)
        usleep(1000);
    return 0;
}
