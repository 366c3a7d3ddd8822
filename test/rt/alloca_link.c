/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * __capr_alloca and __capr_alloca_unwind as emitted code uses them: a function that goes on with rsp in a new chunk, from a small
 * stack and from a big one, calls others from there, blocks there, and gives the chunk back before it returns.
 */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "sched/sched.h"
#include "stack/chunk.h"
#include "stubs.h"

/* uint64_t with_block(size, align, use): calls use(block, size) with rsp at the block. As emitted: the block, then the chunk is
 * unwound to the rsp from before. */
NAMED uint64_t with_block(uint64_t size, uint64_t align, uint64_t (*use)(char *, uint64_t));
__asm__(".text\n.type with_block, @function\nwith_block:\n"
        "pushq %rbp\nmovq %rsp, %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\n"
        "movq %rdi, %r12\nmovq %rdx, %r13\nmovq %rsp, %r14\n"
        "movq %rsi, %rdx\nmovl $4096, %esi\ncall __capr_alloca\n"
        "movq %rax, %rsp\nmovq %rax, %rdi\nmovq %r12, %rsi\ncall *%r13\n"
        "movq %rax, %rbx\nmovq %r14, %rdi\ncall __capr_alloca_unwind\nmovq %r14, %rsp\n"
        "movq %rbx, %rax\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");

static uint64_t align_wanted, levels;

NAMED uint64_t fill(char *block, uint64_t size) {
    uint64_t rsp = (uint64_t)__builtin_frame_address(0);
    struct capr_chunk *chunk = capr__self()->chunk;
    CHECK_EQUAL((uint64_t)block % align_wanted, 0);
    CHECK(rsp < (uint64_t)block && rsp - chunk->base < chunk->size);
    CHECK((uint64_t)block + size <= (uint64_t)chunk);
    if (capr__limit() != UINT64_MAX) CHECK((uint64_t)block - 4096 >= capr__limit());
    memset(block, (int)size, size);
    capr__yield();
    if (levels) {
        levels--;
        CHECK_EQUAL(with_block(size / 2, 16, fill), size / 4 * 2);
    }
    for (uint64_t i = 0; i < size; i++) CHECK(block[i] == (char)size);
    return size;
}

NAMED void blocks(void) {
    static const uint64_t sizes[] = {0, 16, 400, 4096, 70000, 3000000};
    uint64_t big_sp = capr__worker.big_sp, limit = capr__limit();
    struct capr_chunk *chunk = capr__self()->chunk;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (align_wanted = 16; align_wanted <= 256; align_wanted *= 16) {
            CHECK_EQUAL(with_block(sizes[i], align_wanted, fill), sizes[i]);
            CHECK(capr__self()->chunk == chunk);
            CHECK_EQUAL(capr__limit(), limit);
            CHECK_EQUAL(capr__worker.big_sp, big_sp);
        }
    align_wanted = 16;
    levels = 1;
    CHECK_EQUAL(with_block(4000, 16, fill), 4000);
    CHECK(capr__self()->chunk == chunk);
    CHECK_EQUAL(capr__worker.big_sp, big_sp);
}
STUB_LINK(blocks_linked, blocks, 8192, 0);
STUB_BORROW(blocks_borrowed, blocks);
extern __typeof__(blocks) blocks_linked, blocks_borrowed;

/* A function that never gives its block back: the thread ends there. */
NAMED uint64_t leave(char *block, uint64_t size) {
    memset(block, 1, size);
    pthread_exit((void *)5);
}

static void *in_thread(void *arg) {
    blocks();
    blocks_linked();
    blocks_borrowed();
    return (void *)with_block(1000, 16, arg);
}

int main(void) {
    uint64_t in_use = capr__chunk_bytes_in_use(&capr__worker);
    blocks();
    blocks_linked();
    pthread_t t;
    void *result;
    CHECK_EQUAL(pthread_create(&t, NULL, in_thread, leave), 0);
    CHECK_EQUAL(pthread_join(t, &result), 0);
    CHECK_EQUAL((uint64_t)result, 5);
    CHECK_EQUAL(capr__chunk_bytes_in_use(&capr__worker), in_use);
    return 0;
}
