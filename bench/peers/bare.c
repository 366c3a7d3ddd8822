/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the processor asks for a switch, and nothing else: coroutines in a ring, each going on with the next by a dozen instructions in place,
 * without a queue, a scheduler, errno or a limit. No package does with less; the figures say how much of a package's is its own.
 *
 * For `yield` stacks are as small as they can be, close to each other and of an odd number of lines, so that their tops are spread over the
 * sets of the cache; for the other questions they are of a page, as a package needs at least that does not know what its threads call.
 * Built with -mno-red-zone, since a switch pushes.
 *
 *     bare yield THREADS CALLS | create THREADS | memory THREADS
 */
#include <stdint.h>
#include <sys/mman.h>

#include "../threads/measure.h"
#include "../threads/resident.h"

#define ROUNDS 5

static long stack_bytes = 4096;

struct bare {
    void *top; /* of the stack, where the address to go on at is, while it does not run */
    struct bare *next;
    void (*entry)(struct bare *);
};

/* Leaves `from`, goes on with `to`. By pop and jump: a return would be to another address than the processor expects. */
static inline __attribute__((always_inline)) void bare_switch(struct bare *from, struct bare *to) {
    register struct bare *a __asm__("rdi") = from, *b __asm__("rsi") = to;
    __asm__ volatile("pushq %%rbp\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "movq %%rsp, (%%rdi)\n\t"
                     "movq (%%rsi), %%rsp\n\t"
                     "popq %%rax\n\t"
                     "jmpq *%%rax\n"
                     "1:\tpopq %%rbp"
                     : "+r"(a), "+r"(b)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
}

/* Where a coroutine begins: %rsi is itself, as bare_switch has left it. */
void bare_begin(void);
__asm__("bare_begin:\n\t"
        "movq %rsi, %rdi\n\t"
        "xorl %ebp, %ebp\n\t"
        "callq *16(%rdi)\n\t"
        "ud2\n");

static void bare_make(struct bare *b, char *stack, void (*entry)(struct bare *)) {
    uintptr_t top = ((uintptr_t)stack + (uintptr_t)stack_bytes);
    b->entry = entry;
    b->top = (void *)(top - 8);
    *(void **)b->top = (void *)bare_begin;
}

static struct bare home;
static long each;

static void goes_round(struct bare *me) {
    for (;;) bare_switch(me, me->next);
}

/* The ring's first: has gone round `each` times, and with it all others, when it goes home. */
static void counts(struct bare *me) {
    for (;;) {
        for (long i = 0; i < each; i++) bare_switch(me, me->next);
        bare_switch(me, &home);
    }
}

static char *new_stacks(long n) {
    char *stacks = mmap(NULL, (size_t)(n * stack_bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    measure_need(stacks != MAP_FAILED, "mmap");
    if (stack_bytes < 4096) madvise(stacks, (size_t)(n * stack_bytes), MADV_HUGEPAGE); /* else much of a switch is a miss of the TLB */
    return stacks;
}

static struct bare *new_ring(long n, void (*entry)(struct bare *)) {
    struct bare *all = calloc((size_t)n, sizeof *all);
    char *stacks = new_stacks(n);
    for (long i = 0; i < n; i++) {
        bare_make(&all[i], stacks + i * stack_bytes, entry);
        all[i].next = &all[(i + 1) % n];
    }
    return all;
}

static void measure_yield(long threads, long calls) {
    each = (calls + threads - 1) / threads;
    stack_bytes = 320;
    struct bare *all = new_ring(threads, goes_round);
    all[0].entry = counts;
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        bare_switch(&home, &all[0]);
        measure_end((double)(each * threads));
    }
}

static void nothing(struct bare *me) { bare_switch(me, &home); }

static void measure_create(long threads) {
    char *stack = new_stacks(1); /* as a package takes the last thread's */
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < threads; i++) {
            struct bare *b = malloc(sizeof *b);
            bare_make(b, stack, nothing);
            bare_switch(&home, b);
            free(b);
        }
        measure_end((double)threads);
    }
}

static void measure_memory(long threads) {
    struct resident before = resident_now();
    struct bare *all = new_ring(threads, nothing);
    for (long i = 0; i < threads; i++) bare_switch(&home, &all[i]);
    resident_print(before, resident_now(), threads);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    long n = measure_argument(argc, argv, 2, 2);
    if (strcmp(what, "memory") == 0) return measure_memory(n), 0;
    if (strcmp(what, "yield") == 0) measure_yield(n, measure_argument(argc, argv, 3, 4000000));
    else if (strcmp(what, "create") == 0) measure_create(n);
    else return fprintf(stderr, "%s: error: %s: one of yield, create, memory\n", argv[0], what), 2;
    measure_print();
    return 0;
}
