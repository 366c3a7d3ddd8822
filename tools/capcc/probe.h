// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The links by which configure and CMake find out what there is.
#ifndef CAPCC_PROBE_H
#define CAPCC_PROBE_H

#include "parse.h"

/// Whether the line links a probe of a build system's: autoconf's conftest, CMake's cmTC_*. Judges only the line.
bool line_is_probe(const struct line *line);

#endif
