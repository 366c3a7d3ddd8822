/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the kernel says of memory. Plain code.
 */
#ifndef CAPR_SCHED_MEMORY_H
#define CAPR_SCHED_MEMORY_H

#include <stddef.h>

#include "../layout.h"

/* Reads the beginning of a small file as a string of less than `size` bytes; returns its length, 0 if it can't be read. */
CAPR_HIDDEN size_t capr__read_text(const char *file, char *text, size_t size);

/* Bytes that are resident and not shared with files. */
CAPR_HIDDEN double capr__memory_resident(void);

/* Bytes that this process may have resident: CAPRICCIO_MEMORY, or what others of the control group leave of its limit or of the machine's
 * memory, whichever is less. Takes some tens of microseconds. */
CAPR_HIDDEN double capr__memory_limit(double resident);

/* Do the group's tasks, or the machine's, stand still for lack of memory? `seconds`: since the last call. */
CAPR_HIDDEN int capr__memory_stalls(double seconds);

#endif
