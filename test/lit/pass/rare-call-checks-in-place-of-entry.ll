; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A function that pointers reach and that calls deep only where it gives up is its own entry; the check is on the rare call. Where
; the deep call is on every path, the entry checks.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CHECK: define internal i32 @quick({{.*}} section "capr_entry"
; CHECK: call void @"deep${{[cw]}}"()
; CHECK: define internal i32 @always(
; CHECK: call void @deep()
; CHECK: define internal i32 @"always$e"({{.*}} section "capr_entry"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@table = global [2 x ptr] [ptr @quick, ptr @always]

define internal void @deep() noinline {
  %p = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal i32 @quick(i32 %n) {
  %bad = icmp eq i32 %n, 7
  br i1 %bad, label %rare, label %usual, !prof !0
rare:
  call void @deep()
  br label %usual
usual:
  ret i32 %n
}
define internal i32 @always(i32 %n) {
  call void @deep()
  ret i32 %n
}
!0 = !{!"branch_weights", i32 1, i32 100}
