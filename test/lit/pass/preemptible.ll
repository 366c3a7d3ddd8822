; The program's functions are in the table in which a turn may end; the runtime's are not, nor is an allocator of the program's own
; with what it calls. Each one is described in the unwind tables, whatever it was compiled with.
;
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s | FileCheck %s
; REQUIRES: capcc
; RUN: env CAPCC_PREEMPT=off %opt -load-pass-plugin=%pass -passes=capriccio -S %s | FileCheck --check-prefix=OFF %s
; RUN: env CAPCC_PREEMPT=of not %opt -load-pass-plugin=%pass -passes=capriccio -S %s 2>&1 | FileCheck --check-prefix=BAD %s
;
; CHECK: @__capr_preemptible = hidden constant [3 x i32] [i32 2, i32 trunc {{.*}}@compute{{.*}}, i32 trunc {{.*}}@main
; CHECK: define internal void @compute() #[[A:[0-9]+]]
; CHECK: attributes #[[A]] = {{.*}}uwtable
; OFF-NOT: @__capr_preemptible
; BAD: CAPCC_PREEMPT=of: neither on nor off
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal void @wait_here() section "capr_text" {
  call void @helper()
  ret void
}

define internal void @helper() section "capr_text" {
  ret void
}

define internal void @compute() {
  ret void
}

define i32 @main() {
  call void @compute()
  call void @wait_here()
  %p = call ptr @malloc(i64 1)
  ret i32 0
}

define ptr @malloc(i64 %n) {
  call void @grow()
  ret ptr null
}

define internal void @grow() {
  ret void
}
