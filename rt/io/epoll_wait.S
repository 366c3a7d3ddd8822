/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * long capr__epoll_wait(long set, void *list, long count, long timeout, volatile int *check, long number)
 *
 * Makes the system call `number` (epoll_pwait2 or epoll_pwait, without a signal mask; ppoll, whose mask is
 * `timeout`), unless *check is not 0; returns what the
 * kernel returns, or -EINTR. A signal handler that sets *check between our look at it and the system call would be noticed only
 * after the wait, perhaps never: so the handlers' trampoline moves an instruction pointer that it finds between
 * capr__epoll_wait_begin and capr__epoll_wait_end to capr__epoll_wait_abort. That costs the normal case nothing, where blocking
 * signals around the call would cost two more calls.
 */
        .text
        .globl  capr__epoll_wait
        .hidden capr__epoll_wait
        .type   capr__epoll_wait, @function
        .globl  capr__epoll_wait_begin, capr__epoll_wait_end, capr__epoll_wait_abort
        .hidden capr__epoll_wait_begin, capr__epoll_wait_end, capr__epoll_wait_abort
        .p2align 4
capr__epoll_wait:
        .cfi_startproc
        movq    %rcx, %r10              /* timeout */
        movq    %r8, %r11               /* check: the kernel spoils r11, but not before it is used */
        movq    %r9, %rax
        xorl    %r8d, %r8d
        movl    $8, %r9d                /* bytes of a signal mask, had we one */
capr__epoll_wait_begin:
        cmpl    $0, (%r11)
        jne     capr__epoll_wait_abort
        syscall
capr__epoll_wait_end:
        ret
capr__epoll_wait_abort:
        movq    $-4, %rax               /* -EINTR */
        ret
        .cfi_endproc
        .size   capr__epoll_wait, . - capr__epoll_wait

        .section .note.GNU-stack, "", @progbits
