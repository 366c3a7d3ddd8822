/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What our setjmp keeps in a jmp_buf, byte by byte. The whole has to fit into the 104 bytes of a __pthread_unwind_buf_t, which
 * pthread_cleanup_push gives to __sigsetjmp in place of a jmp_buf's 200, and to leave alone the two words there that
 * thread/cleanup.c uses.
 *
 *       0  rbx, rbp*, r12, r13, r14, r15, rsp*, rip*      (* mangled with the key at %fs:0x30, as libc does)
 *      64  bit 0: is the signal mask saved? bits 1 to 15: depth of signal handlers; bits 16 to 63: the thread's newest chunk,
 *          whose address has no more bits in user space        (libc has an int here, __mask_was_saved)
 *      72  the mask (the kernel's 8 bytes)                cleanup.c: next handler
 *      80  the thread                                     cleanup.c: cancelability type (signal handlers never jump there)
 *      88  the stack's limit, %fs:0x70
 *      96  worker.big_sp, or CAPR_BIG_NOT_HELD
 */
#ifndef CAPR_JMPBUF_H
#define CAPR_JMPBUF_H

#include "../layout.h"

#define CAPR_J_RBX 0
#define CAPR_J_RBP 8
#define CAPR_J_R12 16
#define CAPR_J_R13 24
#define CAPR_J_R14 32
#define CAPR_J_R15 40
#define CAPR_J_RSP 48
#define CAPR_J_RIP 56
#define CAPR_J_STATE 64
#define CAPR_J_MASK 72
#define CAPR_J_THREAD 80
#define CAPR_J_LIMIT 88
#define CAPR_J_BIG_SP 96

#define CAPR_W_IDLE 56
#define CAPR_W_IN_SIGNAL 112

#ifndef __ASSEMBLER__
#include <pthread.h>
#include <setjmp.h>
static_assert(offsetof(struct capr_worker, in_signal) == CAPR_W_IN_SIGNAL, "setjmp.S");
static_assert(offsetof(struct capr_worker, idle) == CAPR_W_IDLE, "setjmp.S");
static_assert(offsetof(struct __jmp_buf_tag, __mask_was_saved) == CAPR_J_STATE, "libc's jmp_buf");
static_assert(offsetof(struct __jmp_buf_tag, __saved_mask) == CAPR_J_MASK, "libc's jmp_buf");
static_assert(offsetof(__pthread_unwind_buf_t, __pad[2]) == CAPR_J_LIMIT, "cleanup.c has the first two");
static_assert(sizeof(__pthread_unwind_buf_t) >= CAPR_J_BIG_SP + 8, "a cleanup handler's buffer holds it all");
#endif
#endif
