/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Paths that the kernel has walked in memory a moment ago: the next look at one is a plain call of the kernel's instead of three that never
 * wait. It could only wait if the kernel had dropped within that moment what it had just used. All plain code, in the monitor.
 */
#ifndef CAPR_PATHS_H
#define CAPR_PATHS_H

#include "disk.h"

struct stat;

enum capr_path_known {
    CAPR_PATH_RECENT = 1,  /* walked in memory, and lies on a file system of this machine */
    CAPR_PATH_REGULAR = 2, /* and was a regular file just now */
};

/* What is known of `path`; 0: nothing. *key is for the calls below, also where nothing is; 0: there is nothing to note. Reads `path` only
 * where the kernel has read paths lately, so that an address that is none stays the kernel's to refuse. */
CAPR_HIDDEN int capr__path_known(int dir, const char *path, int follow, uint64_t *key);

/* `fd` is `path`, which has been walked in memory, and is what `st` says. */
CAPR_HIDDEN void capr__path_found(int dir, const char *path, int follow, int fd, const struct stat *st);

/* A RECENT one has been walked in memory once more. */
CAPR_HIDDEN void capr__path_walked(uint64_t key);

/* A RECENT one is what `st` says. */
CAPR_HIDDEN void capr__path_is(uint64_t key, const char *path, const struct stat *st);

/* A call that changes what paths name begins (1), has ended (-1). */
CAPR_HIDDEN void capr__paths_change(int begins);

#endif
