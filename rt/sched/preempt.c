/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See preempt.h. Which code is the program's the pass has written down (passes/Preemptible.cpp), and where each function ends is in the
 * unwind tables. Both are searched in the handler: a microsecond for thousands of functions, once for a turn that was too long.
 * Plain code.
 */
#include "preempt.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/auxv.h>

#include "../io/syscalls.h"
#include "../stack/leaf.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "sched.h"

#define RED_ZONE 128

/* Beside the frame: the call of capr__preempt_turn, which links for itself what it needs beyond. */
#define ROOM 512

/* How many functions, and the distance of each one's start from here. */
extern const int32_t __capr_preemptible[] __attribute__((weak, visibility("hidden")));

extern __typeof__(_dl_find_object) _dl_find_object __attribute__((weak)); /* glibc 2.35 */

CAPR_HIDDEN void capr__preempt_back(void *frame, void *to);

/* On the service stack, where no function of libc's may run that a program could have replaced by one that needs more. */
static void copy(void *to, const void *from, uint64_t bytes) { __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory"); }

/* An .eh_frame_hdr, in the one form that linkers write. */
struct entry {
    int32_t start, description; /* from the header's start */
};
struct header {
    uint32_t form;
    int32_t frames;
    uint32_t count;
    struct entry entries[];
};
#define FORM 0x3b031b01 /* version 1; how three numbers are encoded: pc-relative, plain, relative to the header, four bytes each */

static const struct header *own; /* the program's, NULL: no turn ends in the middle */

void capr__preempt_prepare(void) {
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uint64_t base = 0, at = 0;
    for (size_t i = 0; phdr && i < count; i++) {
        if (phdr[i].p_type == PT_PHDR) base = (uint64_t)phdr - phdr[i].p_vaddr;
        if (phdr[i].p_type == PT_GNU_EH_FRAME) at = phdr[i].p_vaddr;
    }
    const struct header *header = (const struct header *)(base + at);
    own = &__capr_preemptible && at && header->form == FORM ? header : NULL;
}

/* The function of the unwind tables that `address` is in: its first address, or 0. */
static uint64_t function_at(const struct header *header, uint64_t address) {
    const char *start = (const char *)header;
    int64_t distance = (int64_t)(address - (uint64_t)start);
    uint32_t low = 0, high = header->count; /* the last entry that begins no later */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (header->entries[middle].start <= distance)
            low = middle;
        else
            high = middle;
    }
    if (high == 0 || header->entries[low].start > distance) return 0;
    /* Length, distance of the common part, start from here, length of the code. */
    int32_t words[4];
    const char *description = start + header->entries[low].description;
    copy(words, description, sizeof words);
    uint64_t first = (uint64_t)start + (uint64_t)(int64_t)header->entries[low].start;
    if ((uint64_t)description + 8 + (uint64_t)(int64_t)words[2] != first || words[3] <= 0)
        return 0; /* in another form */
    return address - first < (uint64_t)words[3] ? first : 0;
}

/* Whether `address` is in one of the program's own functions. */
static int is_program(uint64_t address) {
    uint64_t function = own ? function_at(own, address) : 0;
    if (!function) return 0;
    int64_t distance = (int64_t)(function - (uint64_t)__capr_preemptible);
    for (int32_t i = 1; i <= __capr_preemptible[0]; i++)
        if (__capr_preemptible[i] == distance) return 1;
    return 0;
}

/* Whether the program is in one of the leaf functions, which hold nothing and run where the program is (memcpy of a megabyte): with the
 * return address on top, as most of them have it throughout. */
static int is_leaf(uint64_t address, uint64_t rsp) {
    struct dl_find_object library;
    if (!_dl_find_object || _dl_find_object((void *)address, &library)) return 0;
    const struct header *header = library.dlfo_eh_frame;
    if (!header || header->form != FORM || !capr__leaf_begins(function_at(header, address))) return 0;
    return is_program(*(const uint64_t *)rsp - 1); /* rsp is a stack there: elsewhere it may be anything (proc/setjmp.S) */
}

/* What the kernel reads of a frame on return: a ucontext up to the mask, and the floating-point state that it points to. */
#define CONTEXT_BYTES (offsetof(ucontext_t, uc_sigmask) + 8)
#define STATE_BYTES 512     /* without the magic number below */
#define STATE_WORDS 464     /* <asm/sigcontext.h>, struct _fpx_sw_bytes: magic number, bytes of the whole state */
#define STATE_MAGIC 0x46505853

static uint64_t state_bytes(const void *state) {
    uint32_t words[2];
    if (!state) return 0;
    copy(words, (const char *)state + STATE_WORDS, sizeof words);
    return words[0] == STATE_MAGIC ? words[1] : STATE_BYTES;
}

/* Copies a frame to where the context is to be, 64-aligned, with the floating-point state behind it. */
static void copy_frame(char *to, const ucontext_t *from) {
    const void *state = from->uc_mcontext.fpregs;
    copy(to, from, CONTEXT_BYTES);
    char *state_to = to + ((CONTEXT_BYTES + 63) & ~63ul);
    if (state) copy(state_to, state, state_bytes(state));
    ((ucontext_t *)to)->uc_mcontext.fpregs = state ? (fpregset_t)state_to : NULL;
}

static uint64_t frame_bytes(const ucontext_t *c) { return ((CONTEXT_BYTES + 63) & ~63ul) + state_bytes(c->uc_mcontext.fpregs); }

static int interrupt(ucontext_t *c) {
    greg_t *registers = c->uc_mcontext.gregs;
    uint64_t bytes = frame_bytes(c);
    if (bytes > CAPR_PREEMPT_FRAME_MOST) return -1;
    uint64_t top = capr__preempt_link(bytes + ROOM + 64, (uint64_t)registers[REG_RSP] - RED_ZONE);
    if (!top) return -1;
    char *to = (char *)((top - bytes) & ~63ull);
    copy_frame(to, c);
    registers[REG_RSP] = (greg_t)to;
    registers[REG_RIP] = (greg_t)capr__preempted;
    return 0;
}

/* A borrow that began at the top of the big stack, with nothing below it but what it called, returns by the address that lies there. */
static int delay(struct capr_worker *w) {
    uint64_t *back = (uint64_t *)w->big_top - 1;
    if (w->big_sp || !w->self->chunk || *back != (uint64_t)capr__borrow_return) return -1;
    *back = (uint64_t)capr__borrow_late;
    return 0;
}

/* Whether there is anybody to give way to, or anything that may make somebody ready. */
static int is_worth_it(const struct capr_worker *w) {
    const struct capr_thread *self = w->self;
    if (!self || self == w->idle || self->state != CAPR_READY || w->in_signal) return 0;
    if (self->extra && ((const struct capr_extra *)self->extra)->sections) return 0;
    return w->run_head || w->late_head || capr__process.fd_waiters || capr__process.timer_count || capr__process.signal_ready || capr__deferred_count || w->policy;
}

static int is_asked(const struct capr_worker *w) {
    return w->self && w->self != w->idle && !w->in_signal && (w->self->cancel_bits & CAPR_SIGNALS_ASKED);
}

void capr__preempt_asked(ucontext_t *c) {
    struct capr_worker *w = &capr__worker;
    if (!is_asked(w)) return;
    w->overdue = 1;
    if (own && is_program((uint64_t)c->uc_mcontext.gregs[REG_RIP]))
        interrupt(c);
    else if (own)
        delay(w);
}

int capr__preempt(ucontext_t *c) {
    struct capr_worker *w = &capr__worker;
    const greg_t *registers = c->uc_mcontext.gregs;
    uint64_t rip = (uint64_t)registers[REG_RIP], rsp = (uint64_t)registers[REG_RSP];
    if (!own || !is_worth_it(w)) return -1;
    return is_program(rip) || (w->big_sp && is_leaf(rip, rsp)) ? interrupt(c) : delay(w);
}

void capr__preempt_returned(ucontext_t *c) {
    const greg_t *registers = c->uc_mcontext.gregs;
    if (registers[REG_RIP] != (greg_t)capr__borrow_ticked || !(is_worth_it(&capr__worker) || is_asked(&capr__worker))) return;
    uint64_t caller = *(const uint64_t *)registers[REG_RSP];
    if (is_program(caller - 1)) interrupt(c);
}

/* Called by preempt.S, on the service stack, when the thread has its turn again. */
void capr__preempt_back(void *frame, void *to) {
    copy_frame(to, frame);
    capr__unlink();
    /* The kernel's mask is what all threads block now. */
    capr__sys4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&((ucontext_t *)to)->uc_sigmask, 8);
}
