/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a loop that waits calls in a shared object (rt/sched/spin_turn.c has the program's). By the name that both the
 * program's runtime and libc have, so that the same file works in a program that capcc did not link. The counter is common to all
 * threads; in such a program they may count at the same time, and a round more or less does no harm.
 */
#include <sched.h>

#include "../sched/spin_turn.h"
#include "shared.h"

CAPR_HIDDEN __attribute__((used)) int32_t __capr_spin_left;

CAPR_HIDDEN __attribute__((used, noinline)) void __capr_spin_turn(void) {
    __capr_spin_left = CAPR_SPIN_ROUNDS;
    sched_yield();
}
