/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Cleanup handlers, in the two forms that compiled C uses, and the end of a thread. <pthread.h> without -fexceptions makes
 * pthread_cleanup_push a setjmp and __pthread_register_cancel: such a handler runs by longjmp into the frame that pushed it,
 * which then calls __pthread_unwind_next. Older objects call _pthread_cleanup_push with a routine. Both kinds hang in one list,
 * newest first; bit 0 of a link tells them apart. The third form, __attribute__((cleanup)) under -fexceptions, would need an
 * unwinder that crosses chunks: capcc compiles C without the flag, and the pass refuses what others compiled with it.
 */
#include <pthread.h>
#include <setjmp.h>

#include "../graph/call_back.h"
#include "cancel.h"
#include "extra.h"
#include "key.h"
#include "../sync/mutex.h"

/* Bit 0 of a link: a __pthread_unwind_buf_t. Else a struct _pthread_cleanup_buffer. */
#define BY_JUMP 1ul

/* The private words of a __pthread_unwind_buf_t. */
#define PAD_PREV 0
#define PAD_TYPE 1

static inline struct capr_cleanup *tagged(__pthread_unwind_buf_t *b) { return (struct capr_cleanup *)((uintptr_t)b | BY_JUMP); }

void capr__thread_cleanup(struct capr_thread *self) {
    capr__enter(); /* others write there too */
    self->cancel_bits |= CAPR_CANCEL_UNWINDING;
    capr__leave();
    while (self->cleanup) {
        uintptr_t link = (uintptr_t)self->cleanup;
        if (link & BY_JUMP) {
            __pthread_unwind_buf_t *b = (__pthread_unwind_buf_t *)(link & ~BY_JUMP);
            self->cleanup = b->__pad[PAD_PREV];
            longjmp((struct __jmp_buf_tag *)b->__cancel_jmp_buf, 1);
        }
        struct _pthread_cleanup_buffer *b = (struct _pthread_cleanup_buffer *)link;
        self->cleanup = (struct capr_cleanup *)b->__prev;
        capr__call_back(b->__routine, b->__arg);
    }
    if (self->keys) capr__keys_end(self);
    if (self->extra) {
        CAPR_MONITOR; /* others wait for mutexes and leave signals there */
        capr__robust_end(self);
        capr__extra_signals_run(self);
    }
}

/* The frame that pushed a handler has run it and goes on ending the thread. */
CAPR_INTERPOSE __attribute__((noreturn)) void __pthread_unwind_next(__pthread_unwind_buf_t *b) {
    (void)b; /* it left the list before it ran */
    pthread_exit(capr__self()->result);
}

CAPR_INTERPOSE void __pthread_register_cancel(__pthread_unwind_buf_t *b) {
    struct capr_thread *self = capr__self();
    if (!self) /* a kernel thread that is no worker is never cancelled */
        return;
    b->__pad[PAD_PREV] = self->cleanup;
    self->cleanup = tagged(b);
}

CAPR_INTERPOSE void __pthread_unregister_cancel(__pthread_unwind_buf_t *b) {
    struct capr_thread *self = capr__self();
    if (self) self->cleanup = b->__pad[PAD_PREV];
}

CAPR_INTERPOSE void __pthread_register_cancel_defer(__pthread_unwind_buf_t *b) {
    int type;
    __pthread_register_cancel(b);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    b->__pad[PAD_TYPE] = (void *)(intptr_t)type;
}

CAPR_INTERPOSE void __pthread_unregister_cancel_restore(__pthread_unwind_buf_t *b) {
    __pthread_unregister_cancel(b);
    pthread_setcanceltype((int)(intptr_t)b->__pad[PAD_TYPE], NULL);
}

CAPR_INTERPOSE void _pthread_cleanup_push(struct _pthread_cleanup_buffer *b, void (*routine)(void *), void *arg) {
    struct capr_thread *self = capr__self();
    b->__routine = routine;
    b->__arg = arg;
    b->__prev = NULL;
    if (self) {
        b->__prev = (struct _pthread_cleanup_buffer *)self->cleanup;
        self->cleanup = (struct capr_cleanup *)b;
    }
}

CAPR_INTERPOSE void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *b, int execute) {
    struct capr_thread *self = capr__self();
    if (self) self->cleanup = (struct capr_cleanup *)b->__prev;
    if (execute) capr__call_back(b->__routine, b->__arg);
}

CAPR_INTERPOSE void _pthread_cleanup_push_defer(struct _pthread_cleanup_buffer *b, void (*routine)(void *), void *arg) {
    _pthread_cleanup_push(b, routine, arg);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &b->__canceltype);
}

CAPR_INTERPOSE void _pthread_cleanup_pop_restore(struct _pthread_cleanup_buffer *b, int execute) {
    int type = b->__canceltype;
    _pthread_cleanup_pop(b, 0);
    pthread_setcanceltype(type, NULL);
    if (execute) capr__call_back(b->__routine, b->__arg);
}
