/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ways out of the whole program from deep inside a thread: return from main while threads live, exit, abort, _exit, and a
 * fault that has to stay one (SIGSEGV, not a hang).
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int how;

static KEEP int leave(int left) {
    volatile char room[200];
    room[0] = 1;
    if (left > 0)
        return leave(left - 1) + room[0];
    if (how == 0)
        exit(30);
    if (how == 1)
        _exit(31);
    if (how == 2)
        abort();
    if (how == 3)
        *(volatile int *)OPAQUE((int *)8) = 1;
    pause();
    return 0;
}

static void *entry(void *unused) {
    (void)unused;
    leave(300);
    return NULL;
}

int main(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    for (how = 0; how < 5; how++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, entry, NULL);
            if (how == 4)
                return 34;
            pthread_join(thread, NULL);
            return 99;
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status))
            printf("%s\n", WTERMSIG(status) == SIGABRT ? "SIGABRT" : WTERMSIG(status) == SIGSEGV ? "SIGSEGV" : "another signal");
        else
            printf("%d\n", WEXITSTATUS(status));
    }
    // CHECK: {{^}}30
    // CHECK-NEXT: {{^}}31
    // CHECK-NEXT: SIGABRT
    // CHECK-NEXT: SIGSEGV
    // CHECK-NEXT: {{^}}34
    return 0;
}
