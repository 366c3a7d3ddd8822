; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CHECK: define internal void @"visible$body"()
; CHECK: define void @visible() {{.*}} section "capr_entry"
; CHECK: jae ${0:P}
; CHECK-SAME: (ptr @"visible$body", ptr @__capr_grow_checked)
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @visible() {
  %p = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
