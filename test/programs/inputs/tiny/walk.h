/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tiny project that test/programs builds with autoconf, CMake and meson: a library, and a program with a thread.
 */
#ifndef WALK_H
#define WALK_H

int walk(int left);

#endif
