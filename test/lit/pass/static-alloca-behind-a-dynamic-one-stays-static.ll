; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; Splitting the entry block at %p would make a dynamic alloca of %q, which nobody guards.
; CHECK-LABEL: define {{.*}}@{{"?}}f
; CHECK-NEXT: entry:
; CHECK-NEXT: %q = alloca [5000 x i8]
; CHECK: %capr.need = add i64
; CHECK-NOT: alloca [5000 x i8]
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define i64 @f(i64 %n) {
entry:
  %p = alloca i8, i64 %n
  %q = alloca [5000 x i8]
  %r = call i64 asm sideeffect "", "=r,r,r"(ptr %p, ptr %q)
  ret i64 %r
}
