; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; Each round of a loop that waits takes one from the worker's counter; below zero it calls the runtime, through a checkpoint.
; RUN: env CAPCC_PRINT=graph %opt -load-pass-plugin=%pass -passes=capriccio -disable-output %s 2>&1 | FileCheck --check-prefix=GRAPH %s
; RUN: env CAPCC_SPIN=off %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck --check-prefix=OFF %s
; RUN: env CAPCC_SPIN=no not %opt -load-pass-plugin=%pass -passes=capriccio -disable-output %s 2>&1 | FileCheck --check-prefix=BAD %s
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; CHECK: define internal void @__capr_spin_turn()
; CHECK: define {{.*}}@{{"?}}waits
; CHECK: wait:
; CHECK-NEXT: %v = load atomic i32, ptr @flag seq_cst
; CHECK-NEXT: %c = icmp eq i32 %v, 0
; CHECK-NEXT: br i1 %c, label %[[ROUND:.*]], label %done
; CHECK: [[ROUND]]:
; CHECK-NEXT: %[[WORKER:.*]] = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
; CHECK-NEXT: %[[LEFT:.*]] = getelementptr i8, ptr %[[WORKER]], i64 152
; CHECK-NEXT: %[[WAS:.*]] = load i32, ptr %[[LEFT]]
; CHECK-NEXT: %[[IS:.*]] = sub i32 %[[WAS]], 1
; CHECK-NEXT: %[[AGAIN:.*]] = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
; CHECK-NEXT: %[[SAME:.*]] = getelementptr i8, ptr %[[AGAIN]], i64 152
; CHECK-NEXT: store i32 %[[IS]], ptr %[[SAME]]
; CHECK-NEXT: %[[OVER:.*]] = icmp slt i32 %[[IS]], 0
; CHECK-NEXT: br i1 %[[OVER]], label %[[TURN:.*]], label %[[ON:.*]], !prof
; CHECK: [[TURN]]:
; CHECK-NEXT: call void @"__capr_spin_turn$c"()
; CHECK-NEXT: br label %[[ON]]
; GRAPH: {{^}}waits frame
; GRAPH: -> __capr_spin_turn
; OFF-NOT: spin_turn
; BAD: capcc: error: CAPCC_SPIN=no: neither on nor off

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
define void @waits() {
entry:
  br label %wait
wait:
  %v = load atomic i32, ptr @flag seq_cst, align 4
  %c = icmp eq i32 %v, 0
  br i1 %c, label %wait, label %done
done:
  ret void
}
