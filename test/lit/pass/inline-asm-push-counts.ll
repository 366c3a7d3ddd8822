; RUN: env CAPCC_PRINT=placement %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; Pushed bytes are in no frame: 16 here, so the depth is the frame plus 16.
; CHECK: f frame=0 depth=16
; Those that .rept and .irp repeat, one in the other; those of macros, one of which uses the other; what is named below rsp.
; CHECK: repeated frame=0 depth=48
; CHECK: macros frame=0 depth=24
; CHECK: below frame=0 depth=2008
; CHECK: below_of_intel frame=0 depth=264
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f() {
  call void asm sideeffect "pushq %rbx; pushfq\0Apopq %rax; popq %rbx", "~{rax}"()
  ret void
}

define void @repeated() {
  call void asm sideeffect ".rept 3\0A.irp r, rax, rbx\0Apush %\5Cr\0A.endr\0A.endr\0A.rept 6\0Apop %rbx\0A.endr", "~{rax}"()
  ret void
}

module asm ".macro ONE r"
module asm "push %\5Cr"
module asm ".endm"
module asm ".macro TWO"
module asm "ONE rax; ONE rbx"
module asm ".endm"
define void @macros() {
  call void asm sideeffect "TWO\0AONE rax\0Apop %rax\0Apop %rbx\0Apop %rax", "~{rax}"()
  ret void
}

define void @below() {
  call void asm sideeffect "push %rax\0Amov %rax, -2000(%rsp)\0Amov 8(%rsp), %rax\0Apop %rax", "~{rax}"()
  ret void
}

define void @below_of_intel() {
  call void asm sideeffect inteldialect "push rax\0Amov [rsp - 0x100], rax\0Apop rax", "~{rax}"()
  ret void
}
