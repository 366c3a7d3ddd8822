// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where capcc's own parts and LLVM's tools lie on this machine.
#ifndef CAPCC_PATHS_H
#define CAPCC_PATHS_H

#include "arena.h"

/// Absolute paths, except clang's, which may be a name when CAPCC_CLANG gives one. That a path is set does not mean
/// that the file is there.
struct paths {
    const char *clang;     ///< the compiler to run
    const char *llvm_bin;  ///< directory of llvm-link, llvm-objcopy and ld.lld: where clang's own executable lies
    const char *self;      ///< bin/capcc, or whatever it is called
    const char *plugin;    ///< lib/capcc/CapriccioPass.so
    const char *runtime;   ///< lib/capcc/libcapr.a
    const char *runtime_calls; ///< lib/capcc/libcapr_calls.a
    const char *shared;    ///< lib/capcc/libcapr_shared.a
    const char *shared_calls; ///< lib/capcc/libcapr_shared_calls.a
    const char *dynlist;   ///< lib/capcc/capr.dynlist
    const char *include;   ///< lib/capcc/include
    const char *capstack;  ///< bin/capstack
};

/// Fills `paths`; returns null, or what is missing as a line without `capcc: error: `. Reads /proc/self/exe, PATH and
/// CAPCC_CLANG.
const char *paths_find(struct arena *arena, struct paths *paths);

/// Directory part of `path`, `.` if it has none.
char *path_directory(struct arena *arena, const char *path);

/// What is behind it.
const char *path_base(const char *path);

#endif
