// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The profile of a run that a link is to use.
#ifndef CAPCC_PROFILE_H
#define CAPCC_PROFILE_H

/// Looks whether `path` is a whole profile. Returns 0, or 1 after one line of error.
int profile_check(const char *path);

#endif
