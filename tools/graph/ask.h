// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A running program's graph, through its window (CAPRICCIO_TOP; rt/graph/window.c).
#ifndef GRAPH_ASK_H
#define GRAPH_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// Has the process `pid` tell its graph as JSON: *text (free it) and *length. Returns 0, or 1 and has said why not.
int ask_process(pid_t pid, char **text, size_t *length);

/// Whether there is no such process any more.
bool process_gone(pid_t pid);

#endif
