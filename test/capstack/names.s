# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Which names are listed: the exported functions, all or those asked for, in the order asked for; the deepest of several
# versions; never what may be the vDSO's.
# RUN: echo 'V1 { }; V2 { global: *; } V1;' >%t.map
# RUN: %link -Wl,--version-script=%t.map %s -o %t.so
# RUN: %capstack bounds %t.so | %filecheck %s
# RUN: %capstack bounds %t.so zero nowhere eight local variable | %filecheck %s --check-prefix=ASKED
# RUN: %capstack bounds --whitelist %t.so | %filecheck %s --check-prefix=WHITE
# RUN: %capstack bounds --whitelist %t.so zero strlen | %filecheck %s --check-prefix=BOTH

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK: library {{.*}}
# CHECK-NEXT: clock_gettime - may run the vDSO, which changes with the kernel
# CHECK-NEXT: eight 8
# CHECK-NEXT: memcpy 136
# CHECK-NEXT: strlen 128
# CHECK-NEXT: versioned 72
# CHECK-NEXT: zero 0
# CHECK-NOT: {{.+}}

# ASKED:library {{.*}}
# ASKED-NEXT:zero 0
# ASKED-NEXT:nowhere - not a function that this file exports
# ASKED-NEXT:eight 8
# ASKED-NEXT:local - not a function that this file exports
# ASKED-NEXT:variable - not a function that this file exports
# ASKED-NOT:{{.+}}

# WHITE:library {{.*}}
# WHITE-NEXT:memcpy - needs 136 bytes, the whitelist allows 128
# WHITE-NEXT:strlen 128
# WHITE-NOT:{{.+}}

# BOTH:library {{.*}}
# BOTH-NEXT:strlen 128
# BOTH-NOT:{{.+}}

    function zero
    ret
    function eight
    push %rbx
    pop %rbx
    ret
    function clock_gettime
    ret
    function memcpy
    sub $136,%rsp
    add $136,%rsp
    ret
    function strlen
    sub $128,%rsp
    add $128,%rsp
    ret
    .type local,@function
local:
    ret

    .globl old
    .type old,@function
old:
    sub $72,%rsp
    add $72,%rsp
    ret
    .globl new
    .type new,@function
new:
    ret
    .symver old, versioned@V1, remove
    .symver new, versioned@@V2, remove

    .data
    .globl variable
    .type variable,@object
    .size variable,8
variable: .quad 0
