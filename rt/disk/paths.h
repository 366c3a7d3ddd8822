/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a path names, and opening it, where that is in memory: neither waits for a disk or for a fifo's other end. A path that was looked at a
 * moment ago costs one call of the kernel's instead of three.
 */
#ifndef CAPR_PATHS_H
#define CAPR_PATHS_H

#include "disk.h"

struct stat;

/* stat(2), or lstat(2), into `st`. Returns 0, -EAGAIN: not all of it is in memory, or -errno. */
CAPR_HIDDEN long capr__path_stat(int dir, const char *path, int follow, struct stat *st);

/* open(2) with flags that may wait for a fifo's other end. Returns a descriptor, -errno, -EAGAIN: not all of it is in memory, or CAPR_IS_FIFO:
 * then *ghost is a reader of it that is to be closed once another is open, or -1. */
#define CAPR_IS_FIFO (-4096) /* no errno */
CAPR_HIDDEN long capr__path_open(int dir, const char *path, int flags, long *ghost);

/* A call that changes what paths name begins (1), has ended (-1). */
CAPR_HIDDEN void capr__paths_change(int begins);

#endif
