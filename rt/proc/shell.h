/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shells that system and popen start.
 */
#ifndef CAPR_PROC_SHELL_H
#define CAPR_PROC_SHELL_H

#include <stdio.h>
#include <sys/types.h>

#include "../layout.h"

/* Starts /bin/sh -c command, with SIGINT and SIGQUIT ignored here until capr__shell_ended is called. Returns the process id, or
 * -errno, and then there is nothing to end. */
CAPR_HIDDEN long capr__shell_start(const char *command);
CAPR_HIDDEN void capr__shell_ended(void);

/* wait.c: the end of one child. Its id, or -errno: EINTR when a handler without SA_RESTART ran, or the thread is cancelled, which
 * it does not act on. Blocks. */
CAPR_HIDDEN long capr__child_wait(pid_t child, int *status);

/* Forgets a stream of popen's. Returns its process id, 0 if it is none. */
CAPR_HIDDEN pid_t capr__popen_take(FILE *file);

#endif
