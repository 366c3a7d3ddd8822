/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * setjmp and longjmp that know of linked stacks: a jump also brings back the limit and the place on the big stack, gives back
 * the chunks linked since, and ends the signal handlers that it leaves. They replace libc's in shared libraries too (libpng jumps
 * over frames of ours). The buffer is drawn in jmpbuf.h. setjmp needs no stack at all: it is called in place.
 */
#include "../asm.h"
#include "jmpbuf.h"

#define POINTER_KEY %fs:0x30
#define SYS_RT_SIGPROCMASK 14

.macro libc_function name
    .weak \name
    .type \name, @function
\name:
.endm

/* int _setjmp(jmp_buf), without the mask; int setjmp(jmp_buf), with it, as in BSD; int __sigsetjmp(jmp_buf, int with_mask) */
    .balign 16
libc_function _setjmp
    .cfi_startproc
    xorl %esi, %esi
    jmp capr__sigsetjmp
    .cfi_endproc
    .size _setjmp, . - _setjmp

    .balign 16
libc_function setjmp
    .cfi_startproc
    movl $1, %esi
    jmp capr__sigsetjmp
    .cfi_endproc
    .size setjmp, . - setjmp

    .balign 16
libc_function __sigsetjmp
    .hidden capr__sigsetjmp
    .globl capr__sigsetjmp
capr__sigsetjmp:
    .cfi_startproc
    movq %rbx, CAPR_J_RBX(%rdi)
    movq %rbp, %rax
    xorq POINTER_KEY, %rax
    rolq $17, %rax
    movq %rax, CAPR_J_RBP(%rdi)
    movq %r12, CAPR_J_R12(%rdi)
    movq %r13, CAPR_J_R13(%rdi)
    movq %r14, CAPR_J_R14(%rdi)
    movq %r15, CAPR_J_R15(%rdi)
    leaq 8(%rsp), %rax
    xorq POINTER_KEY, %rax
    rolq $17, %rax
    movq %rax, CAPR_J_RSP(%rdi)
    movq (%rsp), %rax
    xorq POINTER_KEY, %rax
    rolq $17, %rax
    movq %rax, CAPR_J_RIP(%rdi)

    movq FS_LIMIT, %rax
    movq %rax, CAPR_J_LIMIT(%rdi)
    movq WORKER(CAPR_W_BIG_SP), %rax
    movl $CAPR_BIG_NOT_HELD, %edx
    cmpq WORKER(CAPR_W_BIG_TOP), %rax
    cmoveq %rdx, %rax
    movq %rax, CAPR_J_BIG_SP(%rdi)
    xorl %edx, %edx
    movq WORKER(CAPR_W_SELF), %rax
    movq %rax, CAPR_J_THREAD(%rdi)
    testq %rax, %rax                    /* none: a kernel thread that is no worker */
    jz 1f
    movq CAPR_T_CHUNK(%rax), %rdx
1:  shlq $16, %rdx
    movl WORKER(CAPR_W_IN_SIGNAL), %eax
    leaq (%rdx,%rax,2), %rdx
    xorl %eax, %eax
    testl %esi, %esi
    jnz 2f
    movq %rdx, CAPR_J_STATE(%rdi)
    ret
2:  orq $1, %rdx
    movq %rdx, CAPR_J_STATE(%rdi)
    movq WORKER(CAPR_W_SELF), %rax
    testq %rax, %rax
    jz 3f
    movq CAPR_T_SIGMASK(%rax), %rax
    movq %rax, CAPR_J_MASK(%rdi)
    xorl %eax, %eax
    ret
3:  leaq CAPR_J_MASK(%rdi), %rdx
    xorl %edi, %edi
    xorl %esi, %esi
    movl $8, %r10d
    movl $SYS_RT_SIGPROCMASK, %eax
    syscall
    xorl %eax, %eax
    ret
    .cfi_endproc
    .size __sigsetjmp, . - __sigsetjmp

/* void longjmp(jmp_buf, int value), under all its names. The checked one of _FORTIFY_SOURCE compares stack addresses, which says
 * nothing here. From any stack: a thread's, a big one, a signal handler's. */
    .balign 16
libc_function longjmp
libc_function _longjmp
libc_function siglongjmp
libc_function __longjmp_chk
    .cfi_startproc
    movq %rdi, %rbx
    movl $1, %ebp
    testl %esi, %esi
    cmovnel %esi, %ebp

    /* The chunks linked since; the service stack is the one that is not among them. */
    movq WORKER(CAPR_W_SELF), %rdi
    testq %rdi, %rdi
    jz 1f
    cmpl $0, WORKER(CAPR_W_IN_SIGNAL)
    jne 3f
    movq CAPR_T_EXTRA(%rdi), %rax
    testq %rax, %rax
    jz 0f
    cmpq $0, CAPR_X_HANDLERS(%rax)
    jne 4f
0:  movq CAPR_J_STATE(%rbx), %rsi
    shrq $16, %rsi
    cmpq CAPR_T_CHUNK(%rdi), %rsi
    je 1f
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    .cfi_undefined %rip
    call capr__stack_drop
1:
    movq CAPR_J_LIMIT(%rbx), %rax
    movq %rax, FS_LIMIT
    movq CAPR_J_BIG_SP(%rbx), %rax
    cmpq $CAPR_BIG_NOT_HELD, %rax
    cmoveq WORKER(CAPR_W_BIG_TOP), %rax
    movq %rax, WORKER(CAPR_W_BIG_SP)
    movzwl CAPR_J_STATE(%rbx), %eax
    shrl $1, %eax
    movl %eax, WORKER(CAPR_W_IN_SIGNAL)

    movq CAPR_J_RSP(%rbx), %rsp
    rorq $17, %rsp
    xorq POINTER_KEY, %rsp

    movl %ebp, %eax
    movzwl CAPR_J_STATE(%rbx), %r8d
    movq CAPR_J_MASK(%rbx), %rdi
    movq CAPR_J_RIP(%rbx), %rdx
    rorq $17, %rdx
    xorq POINTER_KEY, %rdx
    movq CAPR_J_RBP(%rbx), %rbp
    rorq $17, %rbp
    xorq POINTER_KEY, %rbp
    movq CAPR_J_R12(%rbx), %r12
    movq CAPR_J_R13(%rbx), %r13
    movq CAPR_J_R14(%rbx), %r14
    movq CAPR_J_R15(%rbx), %r15
    movq CAPR_J_RBX(%rbx), %rbx
    testb $1, %r8b
    jnz 2f
    jmp *%rdx
    /* A signal that the mask held back comes here, where everything is as it was at setjmp: as if that had not returned yet but
     * called, in place of returning, what sets the mask and returns the value. The 24 bytes of a call that is borrowed for. */
2:  pushq %rdx
    movl %eax, %esi
    leaq capr__signals_jumped(%rip), %r10
    jmp __capr_borrow
    /* Out of a handler that runs as the thread's own code? (In proc/sigqueue.c; the service stack has no frames that matter.) */
4:  movq CAPR_J_RSP(%rbx), %rdi
    rorq $17, %rdi
    xorq POINTER_KEY, %rdi
    movq CAPR_J_STATE(%rbx), %rsi
    shrq $16, %rsi
    subq $8, %rsp
    call capr__signals_jump
    movq WORKER(CAPR_W_SELF), %rdi
    jmp 0b
    /* Out of a signal handler: did it interrupt the thread that we jump to? (A cleanup handler's buffer, which has something
     * else in this place, is only jumped to by its own thread: below 4096 it is no thread.) */
3:  movzwl CAPR_J_STATE(%rbx), %eax
    shrl $1, %eax
    jnz 5f
    subq $8, %rsp
    call capr__monitor_abandon
    addq $8, %rsp
    movq WORKER(CAPR_W_SELF), %rdi
5:  movq CAPR_J_THREAD(%rbx), %rax
    cmpq %rax, %rdi
    je 6f
    cmpq $4096, %rax
    jb 0b
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    movq %rax, %rdi
    movq CAPR_J_RSP(%rbx), %rsi
    rorq $17, %rsi
    xorq POINTER_KEY, %rsi
    movq CAPR_J_STATE(%rbx), %rdx
    shrq $16, %rdx
    call capr__jump_to_other
    movq WORKER(CAPR_W_SELF), %rdi
    jmp 0b
6:  movzwl CAPR_J_STATE(%rbx), %eax
    shrl $1, %eax
    jnz 0b
    movq CAPR_J_RSP(%rbx), %rdi
    rorq $17, %rdi
    xorq POINTER_KEY, %rdi
    movq CAPR_J_STATE(%rbx), %rsi
    shrq $16, %rsi
    subq $8, %rsp
    call capr__jump_to_self
    addq $8, %rsp
    movq WORKER(CAPR_W_SELF), %rdi
    jmp 0b
    .cfi_endproc
    .size longjmp, . - longjmp
    .size _longjmp, . - _longjmp
    .size siglongjmp, . - siglongjmp
    .size __longjmp_chk, . - __longjmp_chk
