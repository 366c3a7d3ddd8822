/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs that fail or end in unusual ways, chosen by the first argument, for misuse.sh to read what is said about it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "sched/sched.h"
#include "stubs.h"

NAMED uint64_t endless(uint64_t n);
STUB_CHECK(endless_checked, endless, 512, 0);
extern __typeof__(endless) endless_checked;

uint64_t endless(uint64_t n) {
    uint64_t below = endless_checked(n + 1);
    __asm__ volatile("" : "+r"(below));
    return below + 1;
}

NAMED void *recurse(void *arg) { return (void *)endless_checked((uint64_t)arg); }

static void *wait_for_ever(void *arg) {
    capr__park();
    return arg;
}

static void in_thread(void *(*start)(void *)) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, start, NULL), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
}

static void on_supplied_stack(void) {
    pthread_attr_t attr;
    pthread_t t;
    CHECK_EQUAL(pthread_attr_init(&attr), 0);
    CHECK_EQUAL(pthread_attr_setstack(&attr, malloc(65536), 65536), 0);
    CHECK_EQUAL(pthread_create(&t, &attr, recurse, NULL), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
}

/* Prints the error of the pthread_create that fails first. */
static void too_many_threads(void) {
    pthread_t t;
    for (int i = 0; i < 10000000; i++) {
        int error = pthread_create(&t, NULL, wait_for_ever, NULL);
        if (error) {
            printf("%s\n", error == EAGAIN ? "EAGAIN" : strerror(error));
            fflush(stdout);
            _exit(0);
        }
    }
}

/* main ends first, then the thread, then the process. */
static int thread_ran;

static void *run_after_main(void *arg) {
    for (int i = 0; i < 10; i++) capr__yield();
    thread_ran = 1;
    return arg;
}

static void say_ended(void) { printf(thread_ran ? "ended in order\n" : "ended early\n"); }

static void main_exits(void) {
    pthread_t t;
    atexit(say_ended);
    CHECK_EQUAL(pthread_create(&t, NULL, run_after_main, NULL), 0);
    pthread_exit((void *)3);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    if (!strcmp(argv[1], "recursion"))
        in_thread(recurse);
    else if (!strcmp(argv[1], "recursion-main"))
        endless_checked(0);
    else if (!strcmp(argv[1], "recursion-supplied"))
        on_supplied_stack();
    else if (!strcmp(argv[1], "threads"))
        too_many_threads();
    else if (!strcmp(argv[1], "main-exits"))
        main_exits();
    else if (strcmp(argv[1], "nothing"))
        return 2;
    return 0;
}
