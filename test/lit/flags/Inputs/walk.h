/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program in two files for tests of flags and of ways to link: the walk goes from one to the other and back, with a
 * buffer in each frame, so that both sides' frames, checkpoints and linkage matter.
 */
#ifndef WALK_H
#define WALK_H

struct step { long sum; double weight; char name[24]; };

struct step walk_left(int left, struct step so_far);
struct step walk_right(int left, struct step so_far);

/* A callback that lives in the first file, called from the second. */
typedef int walk_compare(const void *, const void *);
int walk_sorted(walk_compare *compare);

#endif
