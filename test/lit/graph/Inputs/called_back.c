/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waits on all ways by which the runtime calls the program, each with its own number of passages, in a function that all of them share: what
 * shares a word would share a count. Then chains that are deeper than any that is kept.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define APART __attribute__((noinline)) static

APART void leaf(void)
{
    usleep(1);
    __asm__ volatile("");
}

APART void times(int n)
{
    while (n--)
        leaf();
    __asm__ volatile("");
}

static int gate[2];
static volatile int handled;

/* --- handlers, in one thread that waits in two calls ------------------------------------------------------------------------------- */

static void first_handler(int number)
{
    (void)number;
    times(5);
    handled++;
    __asm__ volatile("");
}

static void second_handler(int number)
{
    (void)number;
    times(7);
    handled++;
    __asm__ volatile("");
}

static void *waits(void *arg)
{
    char c;
    while (read(gate[0], &c, 1) == 1 && c != 'e')
        leaf();
    return arg;
}

static void handlers(void)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = first_handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = second_handler;
    sigaction(SIGHUP, &action, NULL);
    if (pthread_create(&thread, NULL, waits, NULL))
        exit(1);
    for (int i = 0; i < 10; i++) {
        pthread_kill(thread, i % 2 ? SIGUSR1 : SIGHUP);
        while (handled == i)
            sched_yield();
        (void)!write(gate[1], "x", 1);
    }
    (void)!write(gate[1], "e", 1);
    pthread_join(thread, NULL);
}

/* --- the end of a thread ------------------------------------------------------------------------------------------------------------ */

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void destructor(void *value)
{
    (void)value;
    times(11);
    __asm__ volatile("");
}

static void cleanup(void *arg)
{
    (void)arg;
    times(13);
    __asm__ volatile("");
}

static void routine(void)
{
    times(17);
    __asm__ volatile("");
}

APART void leave(int depth)
{
    if (depth)
        leave(depth - 1);
    else
        pthread_exit(NULL);
    __asm__ volatile("");
}

static void *returns(void *arg)
{
    pthread_setspecific(key, arg);
    pthread_once(&once, routine);
    times(19);
    return arg;
}

static void *exits(void *arg)
{
    pthread_setspecific(key, arg);
    pthread_cleanup_push(cleanup, NULL);
    leave(2);
    pthread_cleanup_pop(0);
    return arg;
}

static void *cancelled(void *arg)
{
    pthread_setspecific(key, arg);
    pthread_cleanup_push(cleanup, NULL);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return arg;
}

/* --- jumps out of a handler, to a function that does not wait -------------------------------------------------------------------- */

static sigjmp_buf place;

static void jumping_handler(int number)
{
    (void)number;
    if (handled < 0)
        leaf(); /* so that it leads to a wait */
    siglongjmp(place, 1);
}

APART int jumped_to(void)
{
    if (sigsetjmp(place, 1))
        return 1;
    raise(SIGUSR2);
    return 0;
}

static void *jumps(void *arg)
{
    signal(SIGUSR2, jumping_handler);
    for (int i = 0; i < 3; i++)
        if (!jumped_to())
            exit(1);
    times(23);
    return arg;
}

/* --- functions of libc's, and streams that are the program's ------------------------------------------------------------------------ */

static ssize_t write_slowly(void *cookie, const char *from, size_t n)
{
    (void)cookie, (void)from;
    times(29);
    return (ssize_t)n;
}

static void *prints(void *arg)
{
    FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_slowly});
    fputs("text", f);
    fflush(f);
    fclose(f);
    return arg;
}

/* --- calls that are the last of their functions, by pointers, round and round ------------------------------------------------------- */

static void even(int left);
static void odd(int left);
static void (*volatile const turns[2])(int) = {even, odd};

static void even(int left)
{
    if (left)
        turns[1](left - 1);
    else
        times(41);
}

static void odd(int left)
{
    if (left)
        turns[0](left - 1);
    else
        times(43);
}

static void *goes_round(void *arg)
{
    for (int i = 0; i < 4; i++) {
        even(i);
        leaf();
    }
    odd(3);
    times(47);
    return arg;
}

/* --- depth -------------------------------------------------------------------------------------------------------------------------- */

APART void recurses(int depth)
{
    if (depth)
        recurses(depth - 1);
    else
        times(31);
    __asm__ volatile("");
}

APART void another_recurses(int depth)
{
    if (depth)
        another_recurses(depth - 1);
    else
        recurses(depth);
    __asm__ volatile("");
}

static void through_pointers(int depth);
static void (*volatile again)(int) = through_pointers;

static void through_pointers(int depth)
{
    if (depth)
        again(depth - 1);
    else
        leaf();
    __asm__ volatile("");
}

static void *goes_deep(void *arg)
{
    recurses(3);
    recurses(3000);
    another_recurses(2000);
    through_pointers(1000);
    return arg;
}

/* --- */

static void at_end(void)
{
    times(37);
    __asm__ volatile("");
}

static void run(void *(*start)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, start, &thread))
        exit(1);
    if (start == cancelled) {
        leaf();
        pthread_cancel(thread);
    }
    pthread_join(thread, NULL);
}

int main(void)
{
    if (pipe(gate) || pthread_key_create(&key, destructor) || atexit(at_end))
        return 1;
    handlers();
    run(returns);
    run(exits);
    run(cancelled);
    run(jumps);
    run(prints);
    run(goes_round);
    run(goes_deep);
    run((void *(*)(void *))(void (*)(void))sched_yield); /* a first function of the runtime's own */
    puts("done");
    return 0;
}
