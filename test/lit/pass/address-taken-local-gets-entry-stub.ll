; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; Pointers see the entry stub, direct calls the body. The word before the stub is the body's need.
; CHECK: @table = global [1 x ptr] [ptr @"callee$e"]
; CHECK: call void @callee()
; CHECK: define internal void @"callee$e"() {{.*}} section "capr_entry" {{.*}}prefix i64
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@table = global [1 x ptr] [ptr @callee]
define internal void @callee() noinline {
  %p = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @f() {
  call void @callee()
  ret void
}
