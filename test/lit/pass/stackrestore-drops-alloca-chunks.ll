; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CHECK: call void @__capr_alloca_unwind(ptr %s)
; CHECK: call void @llvm.stackrestore
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f(i64 %n) {
  %s = call ptr @llvm.stacksave()
  %p = alloca i8, i64 %n
  call void asm sideeffect "", "r"(ptr %p)
  call void @llvm.stackrestore(ptr %s)
  ret void
}
declare ptr @llvm.stacksave()
declare void @llvm.stackrestore(ptr)
