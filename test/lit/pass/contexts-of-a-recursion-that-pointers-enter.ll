; RUN: env CAPCC_PRINT=contexts %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o %t.ll 2>&1 >/dev/null | FileCheck %s
; RUN: FileCheck --check-prefix=IR --input-file=%t.ll %s
; REQUIRES: capcc
; Pointers reach two functions of a recursion: calls between those change the word, and what goes round comes to 0. To a third, which no
; pointer reaches, it is a change from the second only. Calls that have nothing behind them add nothing.
; CHECK:      {{^}}even -> odd add -1
; CHECK-NEXT: even -> read add 1
; CHECK-NEXT: odd -> middle add 1
; CHECK-NEXT: odd -> read add 4
; CHECK-NEXT: middle -> even same
; CHECK:      tick -> tock same tail
; CHECK:      tock -> tick same tail
; IR-LABEL: define {{.*}}@even
; IR: add i64 %{{[0-9]+}}, -1
; IR: call void @odd
; IR: sub i64 %{{[0-9]+}}, -1
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=48\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @capr__switch, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
@capr__worker = external hidden thread_local(localexec) global [64 x i8]
@table = global [4 x ptr] [ptr @even, ptr @odd, ptr @tick, ptr @tock]
declare void @capr__switch()

define weak void @read() "capr-runtime" {
  call void @capr__switch()
  ret void
}
define internal void @even() noinline {
  call void @odd()
  call void @read()
  ret void
}
define internal void @odd() noinline {
  call void @middle()
  call void @read()
  ret void
}
define internal void @middle() noinline {
  call void @even()
  ret void
}
define internal void @tick() noinline {
  call void @read()
  tail call void @tock()
  ret void
}
define internal void @tock() noinline {
  call void @read()
  tail call void @tick()
  ret void
}
