// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What capgraph and captop say when something is wrong: one line, `tool: error: where: what, and the remedy`.
#ifndef GRAPH_SAY_H
#define GRAPH_SAY_H

/// The tool's name, set by its main.
extern const char *say_tool;

/// While it is set, say_error prints nothing and leaves its line there: for whoever holds the terminal.
extern char *say_instead;
#define SAY_BYTES 1024

/// One line on standard error. Returns 1, the exit status.
int say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
