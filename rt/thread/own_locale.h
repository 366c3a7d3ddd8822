/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The locale that a thread chose for itself by uselocale. libc keeps it per kernel thread, so the scheduler changes it: while some
 * thread has one of its own, each choice of a thread takes the way by capr__pick_seldom, and programs without pay nothing.
 */
#ifndef CAPR_THREAD_OWN_LOCALE_H
#define CAPR_THREAD_OWN_LOCALE_H

#include "../layout.h"

/* Threads with a locale of their own. */
extern CAPR_HIDDEN uint32_t capr__locales;

/* `t` is about to run. */
CAPR_HIDDEN void capr__locale_enter(const struct capr_thread *t);

/* The running thread ends. */
CAPR_HIDDEN void capr__locale_leave(struct capr_thread *self);

/* In the child of a fork, where no other thread is left. */
CAPR_HIDDEN void capr__locale_forked(const struct capr_thread *self);

#endif
