; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A compare-and-exchange that is tried again with what memory held fails only as another thread's succeeds. With a value of the
; program's own it is a lock.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; CHECK: define {{.*}}@{{"?}}push
; CHECK-NOT: spin_turn
; CHECK: define {{.*}}@{{"?}}lock
; CHECK: call void @"__capr_spin_turn$c"
; CHECK: define {{.*}}@{{"?}}lock_bit
; CHECK: call void @"__capr_spin_turn$c"

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@capr__worker = external hidden thread_local(localexec) global [64 x i8]
@llvm.compiler.used = appending global [1 x ptr] [ptr @__capr_spin_turn], section "llvm.metadata"
declare hidden void @capr__switch()
define hidden void @__capr_spin_turn() noinline {
  call void @capr__switch()
  ret void
}
@flag = global i32 0
@flags = global [64 x i32] zeroinitializer
define void @push(ptr %top, ptr %node) {
entry:
  %first = load atomic ptr, ptr %top seq_cst, align 8
  br label %loop
loop:
  %old = phi ptr [ %first, %entry ], [ %held, %loop ]
  store ptr %old, ptr %node
  %r = cmpxchg weak ptr %top, ptr %old, ptr %node seq_cst seq_cst
  %ok = extractvalue { ptr, i1 } %r, 1
  %held = extractvalue { ptr, i1 } %r, 0
  br i1 %ok, label %done, label %loop
done:
  ret void
}
define void @lock() {
entry:
  br label %loop
loop:
  %r = cmpxchg ptr @flag, i32 0, i32 1 seq_cst seq_cst
  %ok = extractvalue { i32, i1 } %r, 1
  br i1 %ok, label %done, label %loop
done:
  ret void
}
define void @lock_bit() {
entry:
  br label %loop
loop:
  %old = load atomic i32, ptr @flag seq_cst, align 4
  %free = and i32 %old, -2
  %held = or i32 %old, 1
  %r = cmpxchg ptr @flag, i32 %free, i32 %held seq_cst seq_cst
  %ok = extractvalue { i32, i1 } %r, 1
  br i1 %ok, label %done, label %loop
done:
  ret void
}
