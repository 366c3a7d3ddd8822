/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stack that the program supplies (pthread_attr_setstack) is where the thread's locals are, from its first function down to
 * where it is full, and across waits, external calls, jumps and handlers; reported as it was given; the program's again after
 * the join, also if the thread was cancelled or left deep below; and what does not fit goes on elsewhere and comes back. The
 * smallest that POSIX allows will do for a thread that natively fits.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

#define SIZE (128 << 10)

static unsigned char *memory;

static void *inside(void *p) { return (unsigned char *)p >= memory && (unsigned char *)p < memory + SIZE ? p : NULL; }

/* Frames of `size` bytes, `depth` deep; tells how many of them were in the memory. */
static __attribute__((noinline)) int descend(int depth, unsigned char mark) {
    volatile unsigned char room[500];
    for (unsigned i = 0; i < sizeof room; i++) room[i] = (unsigned char)(mark + depth);
    sched_yield();
    int below = depth ? descend(depth - 1, mark) : 0;
    for (unsigned i = 0; i < sizeof room; i++) CHECK_EQUAL(room[i], (unsigned char)(mark + depth));
    return below + (inside((void *)room) != NULL);
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static jmp_buf landing;
static __attribute__((noinline)) void jump_from(int depth) {
    volatile char room[300];
    room[0] = 1;
    if (!depth) longjmp(landing, 1);
    jump_from(depth - 1);
    room[1] = room[0];
}

static volatile int handled;
static void handler(int signal) { handled += signal == SIGUSR1; }

static void *uses_it(void *arg) {
    int local = 0, list[100];
    CHECK(inside(&local));
    pthread_attr_t attr;
    void *stack;
    size_t size;
    CHECK_EQUAL(pthread_getattr_np(pthread_self(), &attr), 0);
    CHECK(pthread_attr_getstack(&attr, &stack, &size) == 0 && stack == memory && size == SIZE);
    pthread_attr_destroy(&attr);
    CHECK_EQUAL(descend(20, 1), 21);
    for (int i = 0; i < 100; i++) list[i] = (i * 37) % 100;
    qsort(list, 100, sizeof *list, compare);
    for (int i = 0; i < 100; i++) CHECK_EQUAL(list[i], i);
    if (!setjmp(landing)) jump_from(10);
    CHECK_EQUAL(descend(20, 2), 21);
    CHECK_EQUAL(raise(SIGUSR1), 0);
    usleep(100);
    return arg;
}

/* Deeper than it is: from some frame on elsewhere, and back. */
static __attribute__((unused)) void *exceeds_it(void *arg) {
    int in = descend(300, 3);
    CHECK(in > 100 && in < 301);
    CHECK_EQUAL(descend(20, 4), 21);
    return arg;
}

static void *exits_below(void *arg) {
    if (!setjmp(landing)) jump_from(100);
    pthread_exit(arg);
}

static void *never_ends(void *arg) {
    volatile char room[1000];
    room[0] = arg != NULL;
    for (;;) {
        usleep(1000);
        pthread_testcancel();
        room[1] = room[0];
    }
}

static void *nothing(void *arg) { return arg; }

static void run(void *(*f)(void *), int cancel) {
    pthread_attr_t attr;
    pthread_t t;
    void *result;
    memset(memory - 4096, 0xa5, SIZE + 8192);
    CHECK_EQUAL(pthread_attr_init(&attr), 0);
    CHECK_EQUAL(pthread_attr_setstack(&attr, memory, SIZE), 0);
    CHECK_EQUAL(pthread_create(&t, &attr, f, &attr), 0);
    if (cancel) {
        sched_yield();
        CHECK_EQUAL(pthread_cancel(t), 0);
    } else if (f == uses_it) {
        sched_yield();
        CHECK_EQUAL(pthread_kill(t, SIGUSR1), 0);
    }
    CHECK_EQUAL(pthread_join(t, &result), 0);
    CHECK(result == (cancel ? PTHREAD_CANCELED : &attr));
    pthread_attr_destroy(&attr);
    for (int i = 1; i <= 4096; i++) CHECK(memory[-i] == 0xa5 && memory[SIZE + i - 1] == 0xa5);

    /* Nobody writes to it now. */
    memset(memory, 0x5a, SIZE);
    for (int i = 0; i < 50; i++) {
        CHECK_EQUAL(pthread_create(&t, NULL, nothing, NULL), 0);
        CHECK_EQUAL(pthread_join(t, NULL), 0);
    }
    for (int i = 0; i < SIZE; i++) CHECK_EQUAL(memory[i], 0x5a);
}

static void *small(void *arg) {
    char text[200];
    snprintf(text, sizeof text, "%s %d", "external", 5);
    CHECK(!strcmp(text, "external 5"));
    usleep(100);
    return arg;
}

int main(void) {
    struct sigaction act = {.sa_handler = handler};
    alarm(60);
    sigaction(SIGUSR1, &act, NULL);
    memory = (unsigned char *)(((uintptr_t)malloc(SIZE + 16384) + 8191) & ~4095ul);
    for (int i = 0; i < 3; i++) {
        run(uses_it, 0);
#ifndef FAULT_STUBS /* needs checkpoints */
        run(exceeds_it, 0);
#endif
        run(exits_below, 0);
        run(never_ends, 1);
    }
    CHECK_EQUAL(handled, 6);

    pthread_attr_t attr;
    pthread_t t[50];
    for (int i = 0; i < 50; i++) {
        CHECK(pthread_attr_init(&attr) == 0);
        /* Odd addresses and sizes, too. */
        CHECK_EQUAL(pthread_attr_setstack(&attr, (char *)malloc(PTHREAD_STACK_MIN + 200) + i % 16 * 3, PTHREAD_STACK_MIN + (size_t)i), 0);
        CHECK_EQUAL(pthread_create(&t[i], &attr, small, NULL), 0);
        pthread_attr_destroy(&attr);
    }
    for (int i = 0; i < 50; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    return 0;
}
