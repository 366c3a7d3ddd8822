// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line's FILE|PID.
#ifndef GRAPH_READ_H
#define GRAPH_READ_H

#include <stddef.h>
#include <sys/types.h>

/// The process that `text` names: digits only. 0: it names a file; -1: a number that no process has.
pid_t read_pid(const char *text);

/// The JSON of a file or pipe, or of the running process with that number: *text (free it) and *length. Returns 0, or 1 and has said why not.
int read_source(const char *source, char **text, size_t *length);

#endif
