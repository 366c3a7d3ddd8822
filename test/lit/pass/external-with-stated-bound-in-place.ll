; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CAPR_STACK_BOUND on a declaration: the call stays as it is, and its bytes count.
; CHECK: call void @quick()
; CHECK-NOT: quick$b
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=64\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @quick, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
declare void @quick()
define void @f() {
  call void @quick()
  ret void
}
