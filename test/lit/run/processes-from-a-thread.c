/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ways to start another program from deep inside a thread: vfork and exec, posix_spawn, popen, system.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static KEEP int at(int left, int (*start)(void)) {
    volatile char room[200];
    room[0] = 0;
    return left == 0 ? start() : at(left - 1, start) + room[0];
}

static KEEP int wait_for(pid_t child) {
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int by_vfork(void) {
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 11", (char *)NULL);
        _exit(127);
    }
    return wait_for(child);
}

static int by_spawn(void) {
    pid_t child;
    char *arguments[] = {"sh", "-c", "exit 12", NULL};
    return posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0 ? wait_for(child) : -1;
}

static int by_popen(void) {
    FILE *pipe = popen("echo 13", "r");
    int number = -1;
    if (!pipe || fscanf(pipe, "%d", &number) != 1)
        return -1;
    return pclose(pipe) == 0 ? number : -1;
}

static int by_system(void) {
    int status = system("exit 14");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void body(void) {
    int depth = OPAQUE(500);
    printf("%d %d %d %d\n", at(depth, by_vfork), at(depth, by_spawn), at(depth, by_popen), at(depth, by_system));
    // CHECK: 11 12 13 14
}

int main(void) {
    on_thread(body);
    return 0;
}
