/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The graph's text in a file. Plain code.
 */
#ifndef CAPR_GRAPH_FILE_H
#define CAPR_GRAPH_FILE_H

#include "text.h"

/* Gives the calling kernel thread, which is no worker, a table of descriptors of its own. Returns an errno. */
int capr__graph_file_apart(void) __attribute__((visibility("hidden")));

/* Writes `t` to `file`: a regular file as a whole or not at all, also where links lead to it. What is something else, a pipe, a terminal, or
 * lies in /dev or /proc, is written into (*into). Returns an errno. Raises no signal. */
int capr__graph_file_put(const char *file, const struct capr_text *t, int *into) __attribute__((visibility("hidden")));

/* The name of a process's file: each %p in `named` is the process's number; where there is none, a forked child's has its own, with a dot
 * before, at `stem`. */
void capr__graph_file_name(const char *named, size_t stem, char *file, size_t size) __attribute__((visibility("hidden")));

/* As the process ends: calls `write(arg, error)`, `error` an errno that keeps it from writing. Where the program has used up its descriptors
 * that is on a kernel thread with a table of its own, which is waited for. */
void capr__graph_file_at_exit(void (*write)(void *arg, int error), void *arg) __attribute__((visibility("hidden")));

#endif
