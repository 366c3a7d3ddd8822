# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A function that may call itself, over any number of others, has no bound, nor has what calls it. A tail jump to itself is a
# loop.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s
# RUN: %capstack bounds %t.so outside ping pong self | %filecheck %s --check-prefix=ORDER

    .macro function name
    .globl \name
    .type \name,@function
    .set .L\name,\name
\name:
    .endm

# CHECK-DAG: self - recursion at {{.*}}
# ORDER-DAG: self - recursion at {{.*}}
    function self
    sub $8,%rsp
    test %edi,%edi
    je 1f
    dec %edi
    call .Lself
1:  add $8,%rsp
    ret

# CHECK-DAG: ping - recursion at {{.*}}
# ORDER-DAG: ping - recursion at {{.*}}
    function ping
    sub $8,%rsp
    call .Lpong
    add $8,%rsp
    ret

# CHECK-DAG: pong - recursion at {{.*}}
# ORDER-DAG: pong - recursion at {{.*}}
    function pong
    test %edi,%edi
    je 1f
    jmp .Lping
1:  ret

# CHECK-DAG: outside - recursion at {{.*}}
# ORDER-DAG: outside - recursion at {{.*}}
    function outside
    push %rbx
    call .Lping
    pop %rbx
    ret

# CHECK-DAG: tail_loop 16
    function tail_loop
    push %rbx
    push %rbx
    pop %rbx
    pop %rbx
    dec %edi
    jne .Ltail_loop
    ret

# CHECK-DAG: tail_ping 24
    function tail_ping
    push %rbx
    pop %rbx
    jmp .Ltail_pong

# CHECK-DAG: tail_pong 24
    function tail_pong
    dec %edi
    je 1f
    jmp .Ltail_ping
1:  sub $24,%rsp
    add $24,%rsp
    ret
