; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A round that yields or sleeps on every way, by itself or in a function that it calls, needs no look; one that does so only at times has
; it.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; CHECK: define {{.*}}@{{"?}}yields
; CHECK-NOT: spin_turn
; CHECK: define {{.*}}@{{"?}}yields_at_times
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
declare i32 @sched_yield()
declare i32 @usleep(i32)
define internal void @relax(i32 %how) noinline {
  %c = icmp eq i32 %how, 0
  br i1 %c, label %a, label %b
a:
  %r = call i32 @sched_yield()
  ret void
b:
  %s = call i32 @usleep(i32 %how)
  ret void
}
define void @yields(i32 %how) {
entry:
  br label %loop
loop:
  call void @relax(i32 %how)
  %v = load volatile i32, ptr @flag, align 4
  %c = icmp eq i32 %v, 0
  br i1 %c, label %loop, label %done
done:
  ret void
}
define void @yields_at_times() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %back ]
  %i1 = add i32 %i, 1
  %m = and i32 %i1, 4095
  %now = icmp eq i32 %m, 0
  br i1 %now, label %rest, label %back
rest:
  %r = call i32 @sched_yield()
  br label %back
back:
  %v = load volatile i32, ptr @flag, align 4
  %c = icmp eq i32 %v, 0
  br i1 %c, label %loop, label %done
done:
  ret void
}
