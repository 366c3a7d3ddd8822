/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the command line may say.
 */
#ifndef KNOT_OPTIONS_H
#define KNOT_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *root, *bind;
    bool favor_connections, stats;
    unsigned long port, backlog, max_threads, acceptors;
    unsigned long cache_bytes, request_bytes, body_bytes;
    unsigned long idle_seconds, request_seconds, write_seconds, stop_seconds;
};

/* Fills in the defaults and what argv says. Returns -1 to go on, otherwise the exit status: 0 after --help, 2 after a mistake,
 * which has been told on standard error in one line. */
int options_parse(int argc, char **argv, struct options *options);

#endif
