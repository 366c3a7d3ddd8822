; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CHECK-LABEL: define {{.*}}i64 @{{"?}}f
; CHECK: %capr.moved = alloca i8
; CHECK: %capr.need = add i64
; CHECK: call i64 @llvm.usub.sat.i64(
; CHECK: load volatile i64, ptr addrspace(257) inttoptr (i64 112 to ptr addrspace(257))
; CHECK: call ptr @__capr_alloca(i64 %{{.*}}, i64 {{[0-9]+}}, i64 16)
; CHECK: store i8 1, ptr %capr.moved
; CHECK: load i8, ptr %capr.moved
; CHECK: call void @__capr_alloca_unwind(ptr %capr.moved)
; CHECK: ret i64
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define i64 @f(i64 %n) {
  %p = alloca i8, i64 %n
  %r = call i64 asm sideeffect "", "=r,r"(ptr %p)
  ret i64 %r
}
