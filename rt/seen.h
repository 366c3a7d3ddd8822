/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Variables that one worker at a time writes, each under a lock or its own, and others look at without: whether there is work, how much has
 * been counted. What they see may be out of date, and orders nothing. On x86 these are the moves that plain accesses are, and an addition
 * is one instruction without a lock; but the compiler neither tears them nor reads them twice, and ThreadSanitizer (test/rt/tsan) knows
 * that they are meant.
 */
#ifndef CAPR_SEEN_H
#define CAPR_SEEN_H

#define CAPR_SEE(variable) __atomic_load_n(&(variable), __ATOMIC_RELAXED)
#define CAPR_SHOW(variable, value) __atomic_store_n(&(variable), (value), __ATOMIC_RELAXED)
#define CAPR_SHOW_MORE(variable, by) CAPR_SHOW(variable, CAPR_SEE(variable) + (by))

#endif
