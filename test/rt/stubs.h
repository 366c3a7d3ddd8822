/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Hand-made versions of the stubs that the pass emits, for tests of the runtime's assembly without the pass:
 * STUB_LINK(name, f, need, args) defines the assembly symbol `name`, to be declared with f's prototype, that runs f on a new
 * chunk; STUB_BORROW the same on the big stack; STUB_CHECK links only where the limit says so.
 */
#ifndef CAPR_TEST_STUBS_H
#define CAPR_TEST_STUBS_H

#define STUB(name, body) \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n.cfi_startproc\n" body \
            ".cfi_endproc\n.size " #name ", . - " #name "\n")

#define STUB_LINK(name, f, need, args) \
    STUB(name, "leaq " #f "(%rip), %r10\nmovabsq $" #need " + (" #args " << 32), %r11\njmp __capr_link\n")

#define STUB_CHECK(name, f, need, args)                                                       \
    STUB(name, "leaq -" #need "(%rsp), %r11\ncmpq %fs:0x70, %r11\njae " #f "\n"               \
               "leaq " #f "(%rip), %r10\nmovabsq $" #need " + (" #args " << 32), %r11\njmp __capr_link\n")

#define STUB_BORROW(name, f) STUB(name, "leaq " #f "(%rip), %r10\njmp __capr_borrow\n")

#define STUB_BORROW_ARGS(name, f, args) STUB(name, "leaq " #f "(%rip), %r10\nmovl $" #args ", %r11d\njmp __capr_borrow_args\n")

/* Defined in this program but named by assembly alone. */
#define NAMED __attribute__((used, noinline, visibility("hidden")))

#endif
