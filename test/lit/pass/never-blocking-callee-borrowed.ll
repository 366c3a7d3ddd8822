; RUN: env CAPCC_PRINT=placement CAPCC_MAX_PATH=512 %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - 2>&1 | FileCheck %s
; RUN: env CAPCC_PRINT=placement CAPCC_MAX_PATH=512 CAPCC_STACKS=linked %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - 2>&1 | FileCheck --check-prefix=LINKED %s
; REQUIRES: capcc
; A function whose threads may block in it pays for depth, so what never blocks and does not fit, or recurses, runs on the big
; stack; among functions that never block a path may grow to 64 KiB.
; CHECK: blocks frame=
; CHECK-NEXT: borrow large: never blocks, path over MaxPath
; CHECK-NEXT: borrow recurses: never blocks, recurses
; CHECK-NEXT: in-place small: in place
; CHECK: large frame=
; CHECK-NEXT: in-place larger: in place
; CHECK: recurses frame=
; CHECK-NEXT: checkpoint recurses: closes a cycle
; CHECK: call void @"large$w"()
; CHECK: define internal void @"large$w"()
; CHECK: jmp ${1:P}", "s,s"(ptr @large, ptr @__capr_borrow)
; LINKED: blocks frame=
; LINKED-NEXT: in-place large: in place
; LINKED-NEXT: in-place recurses: in place
; LINKED: large frame=
; LINKED-NEXT: checkpoint larger: path over MaxPath
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=48\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @capr__switch, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
declare void @capr__switch()

define void @blocks() {
  call void @large()
  call void @recurses()
  call void @small()
  call void @capr__switch()
  ret void
}
define internal void @large() noinline {
  %p = alloca [400 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @larger()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @larger() noinline {
  %p = alloca [4000 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @recurses() noinline {
  %p = alloca [64 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @recurses()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @small() noinline {
  ret void
}
