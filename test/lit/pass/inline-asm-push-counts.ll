; RUN: env CAPCC_PRINT=placement %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; Pushed bytes are in no frame: 16 here, so the depth is the frame plus 16.
; CHECK: f frame=0 depth=16
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f() {
  call void asm sideeffect "pushq %rbx; pushfq\0Apopq %rax; popq %rbx", "~{rax}"()
  ret void
}
