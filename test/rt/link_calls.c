/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls through __capr_link, __capr_borrow and __capr_borrow_args are calls: every kind of argument arrives, every kind of result
 * comes back, over-aligned arguments keep their alignment, callee-saved registers survive; and the callee does run on the stack
 * that was promised. From main's stack, a thread's chunk, a linked chunk and a big stack.
 */
#include <complex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "stack/bigstack.h"
#include "stack/chunk.h"
#include "stubs.h"

/* Where the last callee ran. */
static uint64_t seen_rsp;

static inline __attribute__((always_inline)) void look(void) { seen_rsp = (uint64_t)__builtin_frame_address(0); }

/* The callees. */
NAMED uint64_t six_integers(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    look();
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

NAMED double eight_doubles(double a, double b, double c, double d, double e, double f, double g, double h) {
    look();
    return a + 10 * b + 100 * c + 1e3 * d + 1e4 * e + 1e5 * f + 1e6 * g + 1e7 * h;
}

NAMED __int128 wide(__int128 a, uint64_t b) {
    look();
    return a * b;
}

struct two_doubles {
    double a, b;
};
NAMED struct two_doubles swap(struct two_doubles x) {
    look();
    return (struct two_doubles){x.b, x.a};
}

struct mixed {
    uint64_t a;
    double b;
};
NAMED struct mixed change(struct mixed x) {
    look();
    return (struct mixed){x.a + 1, x.b * 2};
}

NAMED long double x87(double a, uint64_t b) {
    look();
    return (long double)a / (long double)b;
}

NAMED _Complex long double x87_pair(double a) {
    look();
    return (long double)a + 2.5L * I;
}

struct large {
    uint64_t words[20];
};
NAMED struct large fill(uint64_t start) {
    struct large l;
    look();
    for (unsigned i = 0; i < 20; i++) l.words[i] = start + i;
    return l;
}

typedef float vector8 __attribute__((vector_size(16)));
NAMED vector8 add_vectors(vector8 a, vector8 b) {
    look();
    return a + b;
}

/* Stack arguments: two integers too many (16 bytes) and a structure that wants 64-byte alignment. The latter begins at the next
 * address that is congruent: 16 bytes are filled up to 64. */
struct aligned {
    _Alignas(64) uint64_t words[8];
};
NAMED uint64_t on_stack(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h,
                        struct aligned s, long double l) {
    look();
    CHECK_EQUAL((uint64_t)&s % 64, 0);
    uint64_t sum = a + b + c + d + e + f + 2 * g + 3 * h + (uint64_t)l;
    for (unsigned i = 0; i < 8; i++) sum += s.words[i];
    /* The argument area is the callee's: whoever relies on it afterwards is wrong. */
    memset(&s, 0xff, sizeof s);
    __asm__ volatile("" : : "r"(&s) : "memory");
    return sum;
}

NAMED double variadic(int count, ...) {
    double sum = 0;
    va_list args;
    look();
    va_start(args, count);
    for (int i = 0; i < count; i++) sum += (i + 1) * va_arg(args, double);
    va_end(args);
    return sum;
}

#define BOTH(f)                  \
    STUB_LINK(link_##f, f, 4096, 0); \
    STUB_BORROW(borrow_##f, f);  \
    extern __typeof__(f) link_##f, borrow_##f;
BOTH(six_integers)
BOTH(eight_doubles)
BOTH(wide)
BOTH(swap)
BOTH(change)
BOTH(x87)
BOTH(x87_pair)
BOTH(fill)
BOTH(add_vectors)
BOTH(variadic)
/* 64 + 64 bytes to the end of the structure, 16 of long double. Ten doubles more than registers: 16. */
STUB_LINK(link_on_stack, on_stack, 4096, 144);
STUB_BORROW_ARGS(borrow_on_stack, on_stack, 144);
extern __typeof__(on_stack) link_on_stack, borrow_on_stack;
STUB_LINK(link_variadic_args, variadic, 4096, 32);
STUB_BORROW_ARGS(borrow_variadic_args, variadic, 32);
extern __typeof__(variadic) link_variadic_args, borrow_variadic_args;

struct stubs {
    __typeof__(six_integers) *six_integers;
    __typeof__(eight_doubles) *eight_doubles;
    __typeof__(wide) *wide;
    __typeof__(swap) *swap;
    __typeof__(change) *change;
    __typeof__(x87) *x87;
    __typeof__(x87_pair) *x87_pair;
    __typeof__(fill) *fill;
    __typeof__(add_vectors) *add_vectors;
    __typeof__(on_stack) *on_stack;
    __typeof__(variadic) *variadic, *variadic_args;
};
static const struct stubs links = {link_six_integers, link_eight_doubles, link_wide, link_swap, link_change, link_x87,
                                   link_x87_pair, link_fill, link_add_vectors, link_on_stack, link_variadic, link_variadic_args};
static const struct stubs borrows = {borrow_six_integers, borrow_eight_doubles, borrow_wide, borrow_swap, borrow_change, borrow_x87,
                                     borrow_x87_pair, borrow_fill, borrow_add_vectors, borrow_on_stack, borrow_variadic,
                                     borrow_variadic_args};

/* One call, and whether it ran on a stack of its own. `moves`: it should have. */
static int moves;
#define CALL(result, call)                                                                             \
    do {                                                                                               \
        uint64_t limit = capr__limit(), big_sp = capr__worker.big_sp;                                  \
        struct capr_chunk *chunk = capr__worker.self->chunk;                                           \
        seen_rsp = 0;                                                                                  \
        result = call;                                                                                 \
        CHECK(seen_rsp != 0);                                                                          \
        uint64_t here = (uint64_t)__builtin_frame_address(0);                                          \
        CHECK_EQUAL(moves, here - seen_rsp > 4096);                                                    \
        CHECK_EQUAL(capr__limit(), limit);                                                             \
        CHECK_EQUAL(capr__worker.big_sp, big_sp);                                                      \
        CHECK(capr__worker.self->chunk == chunk);                                                      \
    } while (0)

NAMED void all_calls(const struct stubs *s) {
    uint64_t u;
    CALL(u, s->six_integers(1, 2, 3, 4, 5, 6));
    CHECK_EQUAL(u, 654321);
    double d;
    CALL(d, s->eight_doubles(1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(d == 87654321.0);
    __int128 w;
    CALL(w, s->wide(((__int128)3 << 64) + 5, 7));
    CHECK(w == ((__int128)21 << 64) + 35);
    struct two_doubles t;
    CALL(t, s->swap((struct two_doubles){1.5, 2.5}));
    CHECK(t.a == 2.5 && t.b == 1.5);
    struct mixed m;
    CALL(m, s->change((struct mixed){41, 1.25}));
    CHECK(m.a == 42 && m.b == 2.5);
    long double l;
    CALL(l, s->x87(1.0, 3));
    CHECK(l == 1.0L / 3.0L);
    _Complex long double c;
    CALL(c, s->x87_pair(1.5));
    CHECK(creall(c) == 1.5L && cimagl(c) == 2.5L);
    struct large f;
    CALL(f, s->fill(100));
    for (unsigned i = 0; i < 20; i++) CHECK_EQUAL(f.words[i], 100 + i);
    vector8 v;
    CALL(v, s->add_vectors((vector8){1, 2, 3, 4}, (vector8){10, 20, 30, 40}));
    CHECK(v[0] == 11 && v[1] == 22 && v[2] == 33 && v[3] == 44);
    struct aligned a = {{1, 2, 3, 4, 5, 6, 7, 8}};
    CALL(u, s->on_stack(1, 2, 3, 4, 5, 6, 7, 8, a, 1000.0L));
    CHECK_EQUAL(u, 21 + 14 + 24 + 36 + 1000);
    CHECK_EQUAL(a.words[7], 8);
    CALL(d, s->variadic(3, 1.0, 2.0, 3.0));
    CHECK(d == 14.0);
    CALL(d, s->variadic_args(12, 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 2.));
    CHECK(d == 66.0 + 24.0);
}
STUB_LINK(link_all_calls, all_calls, 16384, 0);
STUB_BORROW(borrow_all_calls, all_calls);
extern __typeof__(all_calls) link_all_calls, borrow_all_calls;

/* From a stack that is not big: a link moves, a borrow moves. From a big one: a link moves, a borrow does not. */
NAMED void from_here(void) {
    moves = 1;
    all_calls(&links);
    moves = capr__worker.big_sp != 0;
    all_calls(&borrows);
}

NAMED void from_everywhere(int depth);
STUB_LINK(link_from_everywhere, from_everywhere, 32768, 0);
STUB_BORROW(borrow_from_everywhere, from_everywhere);
extern __typeof__(from_everywhere) link_from_everywhere, borrow_from_everywhere;

void from_everywhere(int depth) {
    from_here();
    if (depth == 0) return;
    link_from_everywhere(depth - 1);
    borrow_from_everywhere(depth - 1);
}

static void *in_thread(void *arg) {
    from_everywhere(4);
    return arg;
}

/* Callee-saved registers, which a C caller would not show to be lost: sets them all, calls, compares. */
NAMED uint64_t callee_saved(uint64_t (*f)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
__asm__(".text\n.type callee_saved, @function\ncallee_saved:\n"
        "pushq %rbx\npushq %rbp\npushq %r12\npushq %r13\npushq %r14\npushq %r15\nsubq $8, %rsp\n"
        "movq $11, %rbx\nmovq $12, %rbp\nmovq $13, %r12\nmovq $14, %r13\nmovq $15, %r14\nmovq $16, %r15\n"
        "call *%rdi\n"
        "subq $11, %rbx\nsubq $12, %rbp\nsubq $13, %r12\nsubq $14, %r13\nsubq $15, %r14\nsubq $16, %r15\n"
        "movq %rbx, %rax\norq %rbp, %rax\norq %r12, %rax\norq %r13, %rax\norq %r14, %rax\norq %r15, %rax\n"
        "addq $8, %rsp\npopq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbp\npopq %rbx\nret\n");

int main(void) {
    pthread_t t;
    CHECK_EQUAL(callee_saved(link_six_integers), 0);
    uint64_t in_use = capr__chunk_bytes_in_use(&capr__worker);
    from_everywhere(4);
    CHECK_EQUAL(pthread_create(&t, NULL, in_thread, NULL), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    CHECK_EQUAL(callee_saved(link_six_integers), 0);
    CHECK_EQUAL(callee_saved(borrow_six_integers), 0);
    CHECK_EQUAL(capr__chunk_bytes_in_use(&capr__worker), in_use);
    CHECK(capr__worker.links > 100);
    return 0;
}
