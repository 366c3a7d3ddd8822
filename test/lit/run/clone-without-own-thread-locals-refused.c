/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A child of clone that has no memory of the parent's works; one that has all of it and no thread-local memory of its own would run as the
 * worker.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t && not --crash %t 2>&1 | FileCheck %s
 * CHECK: child 7
 * CHECK-NEXT: before exec 8
 * CHECK-NEXT: capriccio: clone with CLONE_VM and without CLONE_SETTLS:
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static _Alignas(16) char stack[65536];
static int ends(void *argument) { return (int)(long)argument; }

static void look(const char *what, int flags, long result) {
    int status;
    pid_t child = clone(ends, stack + sizeof stack, flags | SIGCHLD, (void *)result);
    if (child < 0 || waitpid(child, &status, 0) != child)
        perror("clone");
    else
        printf("%s %d\n", what, WEXITSTATUS(status));
    fflush(stdout);
}

int main(void) {
    look("child", 0, 7);
    look("before exec", CLONE_VM | CLONE_VFORK, 8);
    look("shared", CLONE_VM, 9);
    return 0;
}
