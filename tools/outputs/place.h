/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Putting what is finished where a flag says: the driver's -o, the pass's report, capstack's merged profile.
 */
#ifndef CAPRICCIO_PLACE_H
#define CAPRICCIO_PLACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Makes `path` hold the `size` bytes at `data`. A regular file, also one behind a symbolic link, is replaced as a whole or stays as it
/// was, and keeps its permissions; what is no regular file (a device, a FIFO) is written into, `-` is standard output. May block where
/// `path` is a FIFO. Returns 0 or a negative errno.
int place_bytes(const char *path, const void *data, size_t size);

/// Writes all `size` bytes at `data` to a descriptor, which may block. Returns 0 or a negative errno, -EINTR where a signal comes.
int write_all(int fd, const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
