/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How often a loop that waits may look before it gives way.
 */
#ifndef CAPR_SPIN_TURN_H
#define CAPR_SPIN_TURN_H

/* With one worker no other user-level thread changes anything meanwhile, but kernel threads, other processes and signal handlers may.
 * As many rounds take about as long as the look at descriptors and timers that giving way ends in where nobody else is ready. */
#define CAPR_SPIN_ROUNDS 64

#endif
