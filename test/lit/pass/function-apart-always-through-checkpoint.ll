; RUN: env CAPCC_PRINT=placement %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o /dev/null 2>&1 | FileCheck %s
; REQUIRES: capcc
; CAPR_CHECKPOINT: the caller's depth does not hold the callee's, however small.
; CHECK: f frame={{[0-9]+}} depth={{[0-9]+}} entry=in-place
; CHECK-NEXT: checkpoint rare: CAPR_CHECKPOINT
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@mark = private unnamed_addr constant [16 x i8] c"capr.checkpoint\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @rare, ptr @mark, ptr @file, i32 1, ptr null }], section "llvm.metadata"
define void @f() {
  call void @rare()
  ret void
}
define internal void @rare() noinline {
  %p = alloca [300 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
