; RUN: env CAPCC_PRINT=frames %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - 2>&1 >/dev/null | FileCheck %s
; REQUIRES: capcc
; At -Oz `mov $100, %edi` becomes `push $100; pop %rdi`: eight bytes below the frame.
; CHECK: ordinary 8
; CHECK: smallest 16
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @g(i32)

define void @ordinary() {
  call void @g(i32 100)
  ret void
}
define void @smallest() minsize optsize {
  call void @g(i32 100)
  ret void
}
