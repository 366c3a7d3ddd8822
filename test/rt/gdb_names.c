/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What gdb walks through: frames on a first chunk, two linked ones and a big stack between them, whose addresses go up and down.
 * gdb_names.sh stops in `innermost` and expects every name. By itself the program only runs.
 */
#include <pthread.h>
#include <stdint.h>

#include "check.h"
#include "stubs.h"

static volatile uint64_t sink;

#define LEVEL(name, next)                  \
    NAMED uint64_t name(uint64_t a)        \
    {                                      \
        uint64_t r = next(a + 1);          \
        __asm__ volatile("" : "+r"(r));    \
        return r + 1;                      \
    }

NAMED uint64_t innermost(uint64_t a) {
    sink = a;
    return a;
}
LEVEL(on_second_chunk, innermost)
STUB_LINK(second_link, on_second_chunk, 4096, 0);
extern __typeof__(innermost) second_link;
LEVEL(on_big_stack, second_link)
STUB_BORROW_ARGS(borrow_with_args, on_big_stack, 16);
extern __typeof__(innermost) borrow_with_args;
LEVEL(on_big_stack_of_args, borrow_with_args)
STUB_BORROW(first_borrow, on_big_stack_of_args);
extern __typeof__(innermost) first_borrow;
LEVEL(on_first_link, first_borrow)
STUB_LINK(first_link, on_first_link, 4096, 0);
extern __typeof__(innermost) first_link;
LEVEL(on_first_chunk, first_link)

static void *start(void *arg) {
    CHECK_EQUAL(on_first_chunk((uint64_t)arg), 10);
    return NULL;
}

int main(void) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, start, (void *)0), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    return 0;
}
