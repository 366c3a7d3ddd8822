// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What makes the symbols of an ordinary object's machine code differ from those of its bitcode, or seem to.
#include <stdio.h>
#include <stdlib.h>

__asm__(".symver old, both@V1");
int old(void) { return 1; }

__asm__(".text\n.globl bare\n.type bare, @function\nbare: ret");
__asm__(".pushsection .init_array, \"aw\"\n.quad label\n.popsection\nlabel: ret");

int common;
__thread int local;
static inline int unused(void) { return 2; }
int inside(void);
int untyped(void);

__attribute__((noinline)) int calls_inside(int a) {
    __asm__ volatile(".pushsection .text\n.globl inside\n.type inside, @function\n"
                     "inside: mov $3, %%eax\nret\n.size inside, .-inside\n.popsection" ::);
    __asm__ volatile(".pushsection .text\n.globl untyped\nuntyped: jmp inside\n.popsection" ::);
    return a + inside() + untyped();
}

void constructor_in_function(void) {
    __asm__ volatile(".pushsection .init_array, \"aw\"\n.quad 1f\n.popsection\njmp 2f\n1: ret\n2:" ::);
}

static __attribute__((constructor(101))) void first(void) { puts("first"); }
static __attribute__((destructor)) void last(void) { puts("last"); }
static void listed(void) { puts("listed"); }
__attribute__((used, section(".init_array"))) static void (*const list)(void) = listed;

static void without_use(void) { puts("without use"); }
void names_it(void) { (void)without_use; }

int table(int x) {
    switch (x) {
    case 0: return 3;
    case 1: return 9;
    case 2: return 77;
    case 3: return 1;
    case 4: return 12345;
    case 5: return 6;
    }
    return 0;
}

int rarely(int x) {
    if (__builtin_expect(x, 0)) {
        printf("%d %d\n", common, local);
        puts("cold");
        exit(1);
    }
    return x;
}
