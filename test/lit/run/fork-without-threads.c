/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program that forks and never makes a thread: the child recurses, prints and exits; then it makes a thread of its own.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/wait.h>
#include <unistd.h>

static KEEP int deep(int left) {
    volatile char room[200];
    room[0] = 1;
    return left == 0 ? 0 : deep(left - 1) + room[0];
}

static void body(void) { printf("thread of the child %d\n", deep(20000)); }

int main(void) {
    for (int round = 0; round < 3; round++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            printf("child %d %d\n", round, deep(5000));
            if (round == 2)
                on_thread(body);
            fflush(stdout);
            _exit(40 + round);
        }
        int status;
        waitpid(child, &status, 0);
        printf("parent %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -status);
    }
    // CHECK: child 0 5000
    // CHECK-NEXT: parent 40
    // CHECK-NEXT: child 1 5000
    // CHECK-NEXT: parent 41
    // CHECK-NEXT: child 2 5000
    // CHECK-NEXT: thread of the child 20000
    // CHECK-NEXT: parent 42
    return 0;
}
