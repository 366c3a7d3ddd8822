/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How often a loop that waits may look before it gives way.
 */
#ifndef CAPR_SPIN_TURN_H
#define CAPR_SPIN_TURN_H

/* With one worker no other user-level thread changes anything meanwhile, so that each round is lost; but kernel threads, other processes
 * and signal handlers may, and giving way costs some rounds itself. A hand-over there and back between two such loops took 80 ns with
 * 8 rounds, 97 with 16, 129 with 64 and 333 with 256; where the loops say `pause`, 0.4, 0.7, 2.4 and 9.7 us. */
#define CAPR_SPIN_ROUNDS 16

#endif
