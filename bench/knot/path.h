/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From the path of a request to a file beneath the root. Two guards, each enough alone: names are decoded and normalised before
 * anything is opened, and the kernel resolves them with RESOLVE_BENEATH, so neither `..`, encoded or not, nor a symbolic link
 * leads out of the root.
 */
#ifndef KNOT_PATH_H
#define KNOT_PATH_H

#include <stddef.h>
#include <sys/types.h>

/* Opens the directory that all paths are beneath, and tries openat2 (Linux 5.6). Returns 0, or a negative errno: -ENOSYS when the
 * kernel or a seccomp filter has no openat2. Called once, before the first request. May wait for the disk. */
int path_root(const char *directory);

/* Decodes %XX and removes `.`, `..` and empty segments of text[0..len), which starts with `/` and holds no query, in place.
 * Returns the new length (at least 1; never longer; starts with `/`; ends with `/` if it named a directory), or the negative
 * status of the response: -400 for a malformed escape or a NUL, -403 for a path that climbs above the root. Does not block. */
ssize_t path_normalise(char *text, size_t len);

/* Opens path[0..len), as path_normalise leaves it, with the flags of open(2); a trailing `/` means its index.html. If `type` is not
 * null, it gets the content type. Returns a descriptor, or the negative status of the response: -403, -404, -414, -500, or -503
 * when descriptors or memory are out. May wait for the disk. */
int path_open(const char *path, size_t len, int flags, const char **type);

#endif
