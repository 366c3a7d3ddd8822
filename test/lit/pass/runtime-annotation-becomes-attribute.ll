; RUN: %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o - | FileCheck %s
; REQUIRES: capcc
; The annotation of the runtime's functions would look like an address that is taken; other annotations stay.
; CHECK: @llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @bounded,
; CHECK-NOT: annotations
; CHECK: define weak void @read() [[RUNTIME:#[0-9]+]]
; CHECK: attributes [[RUNTIME]] = { {{.*}}"capr-runtime"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=48\00", section "llvm.metadata"
@runtime = private unnamed_addr constant [13 x i8] c"capr.runtime\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [2 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @read, ptr @runtime, ptr @file, i32 1, ptr null }, { ptr, ptr, ptr, i32, ptr } { ptr @bounded, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
declare void @bounded()

define weak void @read() {
  call void @bounded()
  ret void
}
