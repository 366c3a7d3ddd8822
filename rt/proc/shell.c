/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Starting a shell for system and popen, and the list of popen's streams. The start itself (posix_spawn) is made in place: it ends
 * as soon as the shell has been loaded. Plain code.
 */
#include "shell.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/fd.h"

extern char **environ;

static int callers;                           /* of system that wait now: the first sets, the last restores */
static struct sigaction on_interrupt, on_quit;

static void ignore_keys(void) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (callers++) return;
    sigaction(SIGINT, &ignore, &on_interrupt);
    sigaction(SIGQUIT, &ignore, &on_quit);
}

CAPR_HIDDEN void capr__shell_ended(void) {
    if (--callers) return;
    sigaction(SIGINT, &on_interrupt, NULL);
    sigaction(SIGQUIT, &on_quit, NULL);
}

/* /bin/sh -c command, by `actions`. Returns its process id or -errno. */
static long start(const char *command, const posix_spawn_file_actions_t *actions, const sigset_t *defaults) {
    posix_spawnattr_t attr;
    pid_t child;
    char *const argv[] = {"sh", "-c", (char *)(uintptr_t)command, NULL};
    posix_spawnattr_init(&attr);
    if (defaults) {
        posix_spawnattr_setsigdefault(&attr, defaults);
        posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    }
    int e = posix_spawn(&child, "/bin/sh", actions, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    return e ? -e : child;
}

CAPR_HIDDEN long capr__shell_start(const char *command) {
    sigset_t defaults;
    ignore_keys();
    sigemptyset(&defaults);
    if (on_interrupt.sa_handler != SIG_IGN) sigaddset(&defaults, SIGINT);
    if (on_quit.sa_handler != SIG_IGN) sigaddset(&defaults, SIGQUIT);
    long child = start(command, NULL, &defaults);
    if (child < 0) capr__shell_ended();
    return child;
}

struct popened {
    struct popened *next;
    FILE *file;
    pid_t child;
};

static struct popened *popened;

CAPR_HIDDEN pid_t capr__popen_take(FILE *file) {
    for (struct popened **at = &popened; *at; at = &(*at)->next) {
        struct popened *p = *at;
        if (p->file != file) continue;
        pid_t child = p->child;
        *at = p->next;
        free(p);
        return child;
    }
    return 0;
}

/* popen(3). The child has the pipe's other end, and none of the streams of popen's that are open here. */
CAPR_INTERPOSE FILE *popen(const char *command, const char *mode) {
    CAPR_MONITOR;
    int reads = 0, writes = 0, keep = 0, ends[2];
    for (const char *m = mode; *m; m++) {
        reads |= *m == 'r';
        writes |= *m == 'w';
        keep |= *m == 'e';
        if (!strchr("rwe", *m)) reads = writes = 1;
    }
    if (reads == writes) {
        errno = EINVAL;
        return NULL;
    }
    struct popened *p = malloc(sizeof *p);
    if (!p || pipe2(ends, O_CLOEXEC) < 0) {
        free(p);
        return NULL;
    }
    int mine = ends[writes], theirs = ends[!writes], number = reads ? 1 : 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const struct popened *other = popened; other; other = other->next)
        if (fileno(other->file) != number) posix_spawn_file_actions_addclose(&actions, fileno(other->file));
    posix_spawn_file_actions_adddup2(&actions, theirs, number);
    long child = start(command, &actions, NULL);
    posix_spawn_file_actions_destroy(&actions);
    close(theirs);
    FILE *file = child < 0 ? NULL : fdopen(mine, reads ? "r" : "w");
    if (!file) {
        int e = child < 0 ? (int)-child : errno;
        close(mine);
        free(p);
        errno = e;
        return NULL;
    }
    if (!keep) fcntl(mine, F_SETFD, 0);
    *p = (struct popened){popened, file, (pid_t)child};
    popened = p;
    return file;
}
