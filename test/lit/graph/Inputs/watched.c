/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program to be looked at. Three threads wait in pause_here, and main does what the first argument says. `many`: it comes to its
 * wait by a thousand ways, so that the answer fits no socket's buffer.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) void pause_here(void)
{
    usleep(20000);
    __asm__ volatile("");
}

typedef void turn(unsigned ways, int left);
static turn left_turn, right_turn;
static turn *const turns[] = {left_turn, right_turn};

static void take_turn(unsigned ways, int left)
{
    if (left)
        turns[ways & 1](ways >> 1, left - 1);
    else
        sched_yield();
    __asm__ volatile("");
}

static __attribute__((noinline)) void left_turn(unsigned ways, int left)
{
    take_turn(ways, left);
    __asm__ volatile("");
}

static __attribute__((noinline)) void right_turn(unsigned ways, int left)
{
    take_turn(ways, left);
    __asm__ volatile("");
}

static void *waiter(void *arg)
{
    for (;;)
        pause_here();
    return arg;
}

static void start(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, waiter, NULL))
        exit(1);
}

static void say(const char *what)
{
    printf("%s %d\n", what, (int)getpid());
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "wait";
    if (!strcmp(what, "alone")) {
        say("alone");
        sleep(20);
        return 0;
    }
    for (int i = 0; i < 3; i++)
        start();
    if (!strcmp(what, "close-all")) /* as daemons do */
        closefrom(3);
    if (!strcmp(what, "fork")) {
        pid_t child = fork();
        if (child == 0) {
            start();
            say("child");
            sleep(20);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    for (unsigned ways = 0; ways < 1024 && !strcmp(what, "many"); ways++)
        left_turn(ways, 10);
    usleep(50000);
    say(what);
    if (!strcmp(what, "compute")) /* an end is in sight, so that the loop is no wait for another thread */
        for (unsigned long i = 0; i < 1ul << 40; i++)
            __asm__ volatile("" : "+r"(i));
    if (!strcmp(what, "end"))
        usleep(100000);
    else
        sleep(20);
    return 0;
}
