// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files as bytes in memory.
#ifndef CAPCC_FILE_MAP_H
#define CAPCC_FILE_MAP_H

#include <stddef.h>

/// Bytes that belong to someone else: a mapped file or a part of one.
struct bytes {
    const unsigned char *data; ///< may be null where size is 0
    size_t size;
};

/// Maps `path` for reading. Returns 0, or a negative errno (open(2), fstat(2), mmap(2)); -EISDIR for a directory. An
/// empty or special file gives no bytes.
int file_map(const char *path, struct bytes *bytes);

/// Ends a mapping made by file_map.
void file_unmap(struct bytes *bytes);

#endif
