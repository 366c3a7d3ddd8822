; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; Of nested loops the one whose exit is up to others: where a sum of atomics decides, the outer one; where a long but counted loop
; does nothing but look, that. Where the optimizer has made one loop of two, an exit counts that a round comes to only after the wait.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; CHECK: define {{.*}}@{{"?}}sum_is_zero
; CHECK: inner:
; CHECK-NOT: spin_turn
; CHECK: judge:
; CHECK: call void @"__capr_spin_turn$c"
; CHECK: define {{.*}}@{{"?}}long_look
; CHECK: next:
; CHECK: call void @"__capr_spin_turn$c"
; CHECK: done:
; CHECK: define {{.*}}@{{"?}}of_two
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
define void @sum_is_zero() {
entry:
  br label %outer
outer:
  br label %inner
inner:
  %i = phi i64 [ 0, %outer ], [ %i1, %inner ]
  %s = phi i32 [ 0, %outer ], [ %s1, %inner ]
  %p = getelementptr i32, ptr @flags, i64 %i
  %v = load atomic i32, ptr %p seq_cst, align 4
  %s1 = add i32 %s, %v
  %i1 = add i64 %i, 1
  %more = icmp ult i64 %i1, 4
  br i1 %more, label %inner, label %judge
judge:
  %zero = icmp eq i32 %s1, 0
  br i1 %zero, label %done, label %outer
done:
  ret void
}
define void @long_look() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %next ]
  %v = load atomic i32, ptr @flag seq_cst, align 4
  %stop = icmp ne i32 %v, 0
  br i1 %stop, label %done, label %next
next:
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, 1000000
  br i1 %more, label %loop, label %done
done:
  ret void
}
define void @of_two(ptr %n) {
entry:
  br label %look
look:
  %v = load atomic i32, ptr @flag seq_cst, align 4
  %c = icmp eq i32 %v, 0
  br i1 %c, label %look, label %work
work:
  %x = load i32, ptr %n
  %x1 = add i32 %x, 1
  store i32 %x1, ptr %n
  store atomic i32 0, ptr @flag seq_cst, align 4
  %last = icmp eq i32 %x1, 1000
  br i1 %last, label %done, label %look
done:
  ret void
}
