// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Members of `ar` archives, ordinary and thin ones.
#ifndef CAPCC_ARCHIVE_H
#define CAPCC_ARCHIVE_H

#include "file_map.h"

#include <stdbool.h>

/// A walk over an archive. Fill with archive_open.
struct archive {
    struct bytes file, long_names;
    size_t at;
    bool thin;    ///< its members are files beside it; `bytes` of a member is then empty
    bool damaged; ///< the walk came to an end where it found no member and there are bytes left
};

/// One member. Names are not ended by a zero byte.
struct member {
    struct bytes name, bytes;
};

/// True if `file` is an archive; `archive` then stands before its first member.
bool archive_open(struct bytes file, struct archive *archive);

/// Gives the next member that is a file (symbol tables are passed over). False at the end, and, with `damaged` set,
/// where it cannot go on.
bool archive_next(struct archive *archive, struct member *member);

#endif
