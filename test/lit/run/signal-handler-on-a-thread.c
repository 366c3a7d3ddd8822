/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Handlers run while a thread's chunk may have 200 bytes left: one that formats, one that recurses, one nested in another,
 * one with SA_SIGINFO, sent to a thread deep in a recursion and to one blocked in a call.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#define _GNU_SOURCE
#include "Inputs/on-thread.h"
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t formatted, recursed, nested, informed;

static void formats(int number) {
    char text[2000];
    snprintf(text, sizeof text, "signal %d %f", number, 1.5);
    formatted += strcmp(text, "signal 10 1.500000") == 0;
}

static KEEP int deep(int left) {
    volatile char room[100];
    room[0] = 1;
    return left == 0 ? 0 : deep(left - 1) + room[0];
}

static void recurses(int number) {
    (void)number;
    recursed += deep(30) == 30;
    raise(SIGUSR1);
    nested++;
}

static void informs(int number, siginfo_t *information, void *context) {
    informed += number == SIGURG && information->si_pid == getpid() && context != NULL;
}

static KEEP int descend(int left) {
    volatile char room[60];
    room[0] = 0;
    if (left % 50 == 0) {
        raise(SIGUSR1);
        raise(SIGUSR2);
        kill(getpid(), SIGURG);
    }
    return left == 0 ? 0 : descend(left - 1) + room[0];
}

static void body(void) { descend(1000); }

int main(void) {
    struct sigaction action = {.sa_sigaction = informs, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGURG, &action, NULL);
    signal(SIGUSR1, formats);
    signal(SIGUSR2, recurses);
    on_thread(body);
    printf("%d %d %d %s\n", formatted, recursed, nested, informed > 0 ? "informed" : "not informed");
    // CHECK: 42 21 21 informed
    struct sigaction old;
    sigaction(SIGUSR1, NULL, &old);
    puts(old.sa_handler == formats ? "same handler" : "another handler");
    // CHECK-NEXT: same handler
    return 0;
}
