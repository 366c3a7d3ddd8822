; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; frem has no instruction, so code generation would call fmod in place; floor has one from SSE4.1 on, and only then stays.
; CHECK: call double @"fmod$b"(double %a, double %b)
; CHECK: call double @"floor$b"(double
; CHECK: define double @sse41
; CHECK: call double @llvm.floor.f64(
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define double @f(double %a, double %b) {
  %r = frem double %a, %b
  %s = call double @llvm.floor.f64(double %r)
  ret double %s
}
define double @sse41(double %a) "target-features"="+sse4.1" {
  %s = call double @llvm.floor.f64(double %a)
  ret double %s
}
declare double @llvm.floor.f64(double)
