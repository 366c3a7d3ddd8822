; RUN: sed 's/TEXT/.rept $0; push %rax; .endr/' %s > %t && not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %t 2>&1 | FileCheck --check-prefix=REPEATED %s
; RUN: sed 's/TEXT/MACRO %rsp/' %s > %t && not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %t 2>&1 | FileCheck --check-prefix=GIVEN %s
; RUN: sed 's/TEXT/MACRO %rax/' %s > %t && not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %t 2>&1 | FileCheck --check-prefix=INSIDE %s
; RUN: sed 's/TEXT/mov %rax, ${0:c}(%rsp)/' %s > %t && not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %t 2>&1 | FileCheck --check-prefix=PLACE %s
; REQUIRES: capcc
; What may need any amount of stack, since it takes more than the text to know how much.
; REPEATED: capcc: error: function f: inline assembly with 'push %rax' repeated
; REPEATED-SAME: Remedy
; GIVEN: inline assembly with 'MACRO %rsp', a macro that is given the stack pointer
; INSIDE: inline assembly with 'p\ush \reg', whose name a macro's argument makes
; PLACE: names a place relative to the stack pointer that is no number
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

module asm ".macro MACRO reg, ush=ush"
module asm "p\5Cush \5Creg"
module asm ".endm"
define void @f() {
  call void asm sideeffect "TEXT", "i"(i32 5)
  ret void
}
