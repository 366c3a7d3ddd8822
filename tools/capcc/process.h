// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running other programs, and the directory for what must not outlive the driver.
#ifndef CAPCC_PROCESS_H
#define CAPCC_PROCESS_H

#include "arena.h"

/// Remembers where temporary files go and arranges that a signal which ends the driver ends its child and removes them
/// too. Call once, before process_run.
void process_start(const char *scratch);

/// Makes the scratch directory for the running process, in $TMPDIR or /tmp; returns its name, or null with errno set
/// (mkdtemp(3)).
char *scratch_make(struct arena *arena);

/// Removes the scratch directory with the files in it. Harmless if there is none.
void scratch_remove(void);

/// Runs `argv` with `env` (NAME=value, or NAME to unset it) changed and waits for it. Standard output goes to the file
/// `output` if not null. Returns the exit status; where there is none (the program cannot be started, or a signal ended
/// it) says so in one line and returns 1. Long argument lists of clang go through a response file in the scratch
/// directory.
int process_run(struct arena *arena, const struct strvec *argv, const struct strvec *env, const char *output);

/// Becomes `argv`. Returns only on failure: 1, after one line of error. For argument lists that exec takes.
int process_become(const struct strvec *argv, const struct strvec *env);

/// True if exec may refuse the list for its length.
int process_too_long(const struct strvec *argv);

#endif
