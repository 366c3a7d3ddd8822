/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Handlers on the stack that a thread has given to sigaltstack, while other signals come: their frames stay whole, also those of handlers that
 * come one in the other there, and the room for them does not shrink however many are left by a jump. An alarm comes by itself, and the
 * runtime's own tick of a slice.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: timeout -s KILL 60 %t
 * RUN: env CAPRICCIO_SLICE=100us CAPRICCIO_WORKERS=1 timeout -s KILL 60 %t
 * RUN: env CAPRICCIO_SLICE=100us CAPRICCIO_WORKERS=4 timeout -s KILL 60 %t
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define STACK 65536

static __thread char *page;
static __thread char *stack;
static __thread int deep, jumps;
static __thread sigjmp_buf back;
static volatile int over;

static void fail(const char *what) {
    dprintf(2, "%s\n", what);
    _exit(1);
}

/* Long enough for another signal, with a frame that would show what overwrites it. */
static void linger(int us) {
    volatile char frame[1000];
    memset((char *)frame, 'f', sizeof frame);
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - from.tv_sec) * 1000000000L + now.tv_nsec - from.tv_nsec < us * 1000L);
    for (size_t i = 0; i < sizeof frame; i++)
        if (frame[i] != 'f') fail("a handler's frame was overwritten");
}

static int on_stack(void) {
    char here;
    return stack && &here >= stack && &here < stack + STACK;
}

static void alarmed(int number) {
    (void)number;
    linger(20);
}

static void faulted(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    if (!on_stack()) fail("a handler with SA_ONSTACK is not on the thread's signal stack");
    if ((char *)info->si_addr < page || (char *)info->si_addr >= page + PAGE) fail("a fault elsewhere");
    linger(200);
    if (!deep++) raise(SIGUSR1); /* a handler within this one, above whose frame it must not begin */
    deep--;
    linger(50);
    if (jumps) siglongjmp(back, 1);
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void within(int number) {
    (void)number;
    if (!on_stack()) fail("a handler within one is not on its stack");
    linger(100);
}

static void *thread(void *arg) {
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack = malloc(STACK);
    stack_t own = {.ss_sp = stack, .ss_size = STACK};
    if (sigaltstack(&own, NULL)) fail("sigaltstack");
    for (int i = 0; i < 100; i++) {
        mprotect(page, PAGE, PROT_NONE);
        volatile int kept = i * 3;
        page[5] = (char)i;
        if (page[5] != (char)i || kept != i * 3) fail("what a handler interrupted has changed");
    }
    jumps = 1;
    for (volatile int i = 0; i < 200; i++) {
        mprotect(page, PAGE, PROT_NONE);
        deep = 0;
        if (!sigsetjmp(back, 1)) page[5] = 1;
    }
    if (!arg) return NULL;
    over = 1;
    return NULL;
}

static void *busy(void *unused) {
    volatile long n = 0;
    while (!over) n++;
    return unused;
}

int main(void) {
    struct sigaction fault = {.sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_ONSTACK}, inner = {.sa_handler = within, .sa_flags = SA_ONSTACK},
                     alarmed_on = {.sa_handler = alarmed, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGUSR1, &inner, NULL);
    sigaction(SIGALRM, &alarmed_on, NULL);
    struct itimerval often = {{0, 700}, {0, 700}};
    setitimer(ITIMER_REAL, &often, NULL);
    pthread_t t[3], b;
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, thread, NULL);
    pthread_create(&b, NULL, busy, NULL);
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
    thread("last");
    pthread_join(b, NULL);
    return 0;
}
