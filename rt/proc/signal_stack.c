/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The stacks of signal handlers. A worker has one, which the kernel begins on whatever the program installs. A handler with SA_ONSTACK, in a
 * thread that has called sigaltstack, goes on from there to the program's; the kernel's frame and the trampoline's stay behind on the worker's. A
 * signal that comes now finds the stack pointer outside of it, and the kernel would begin at its top again, on those frames: so the part of it
 * that is in use is taken away from the kernel meanwhile. Plain code.
 */
#include "signals.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#include "../io/syscalls.h"
#include "../thread/extra.h"

/* Bytes for handlers beside the kernel's frames: they run in place on this stack however deep they go, since a chunk can't be
 * linked in the middle of linking another. Only touched pages become memory. Nested handlers share it. */
#define HANDLER_ROOM (256u << 10)
#define GUARD 4096u
#define RED_ZONE 128
#define BELOW 8192u /* bytes that the trampoline and what it calls take below where it is asked */
#define ROOM_LEAST (HANDLER_ROOM / 4) /* of the worker's: with less left a handler stays there */

/* The running worker's, and so many bytes of it, from below, as the kernel may use: not all while a handler is on the program's. */
static _Thread_local stack_t all_of_it;
static _Thread_local size_t kernels;

static int is_on(const stack_t *s, uint64_t sp) { return sp - (uint64_t)s->ss_sp < s->ss_size; }

CAPR_HIDDEN int capr__signal_stack(void) {
    if (all_of_it.ss_size) return 0;
    size_t size = (getauxval(AT_MINSIGSTKSZ) + HANDLER_ROOM + GUARD + 4095) & ~4095ul;
    long p = capr__sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (capr__is_error(p)) return (int)-p;
    capr__sys3(SYS_mprotect, p, GUARD, PROT_NONE);
    stack_t stack = {.ss_sp = (char *)p + GUARD, .ss_size = size - GUARD};
    long r = capr__sys2(SYS_sigaltstack, (long)&stack, 0);
    if (r) return (int)-r;
    all_of_it = stack;
    kernels = stack.ss_size;
    return 0;
}

/* The kernel refuses him whose stack pointer is on the stack that he changes: it lies elsewhere for the call, with all signals blocked. */
static void tell_kernel(size_t bytes) {
    stack_t lower = {.ss_sp = all_of_it.ss_sp, .ss_size = bytes};
    uint64_t all = ~0ull, mask;
    long r = SYS_sigaltstack;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
    __asm__ volatile("movq %%rsp, %%r12\n\tmovq %[sp], %%rsp\n\tsyscall\n\tmovq %%r12, %%rsp"
                     : "+a"(r)
                     : "D"(&lower), "S"(0L), [sp] "r"(capr__worker.service_sp)
                     : "r12", "rcx", "r11", "memory");
    if (r == 0) kernels = bytes;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
}

CAPR_HIDDEN uint64_t capr__signal_stack_meets(struct capr_extra *x, uint64_t interrupted) {
    uint64_t before = x ? x->signal_stack_used : 0;
    if (x && is_on(&x->signal_stack, interrupted)) x->signal_stack_used = interrupted; /* also on the way out of it by a jump */
    return before;
}

CAPR_HIDDEN char *capr__signal_stack_of_program(const struct capr_extra *x, uint64_t here) {
    const stack_t *s = x ? &x->signal_stack : NULL;
    if (!s || !s->ss_size || is_on(s, here)) return NULL;
    if (is_on(&all_of_it, here) && here - (uint64_t)all_of_it.ss_sp < ROOM_LEAST) return NULL;
    if (!x->signal_stack_used) return (char *)s->ss_sp + s->ss_size;
    uint64_t below = (x->signal_stack_used - RED_ZONE) & ~15ull;
    return is_on(s, below) ? (char *)below : NULL; /* it is not known how far the stack is used, or it is used up */
}

CAPR_HIDDEN size_t capr__signal_stack_lend(struct capr_extra *x, uint64_t here) {
    size_t before = kernels;
    if (!x->signal_stack_used) x->signal_stack_used = 1;
    if (is_on(&all_of_it, here)) tell_kernel(((here - BELOW) & ~63ull) - (uint64_t)all_of_it.ss_sp);
    return before;
}

CAPR_HIDDEN void capr__signal_stack_back(size_t before) {
    if (kernels != before) tell_kernel(before);
}

CAPR_HIDDEN void capr__signal_stack_left(void) {
    struct capr_extra *x = capr__worker.self ? capr__worker.self->extra : NULL;
    if (x) x->signal_stack_used = 0;
    capr__signal_stack_back(all_of_it.ss_size);
}
