; RUN: env CAPCC_ICALLS=pointsto %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck --check-prefix=SIGNATURE %s
; REQUIRES: capcc
; A pointer that can only hold functions of this module is called as it is, since their entry stubs check; one that came from outside
; goes through __capr_icall. By signature alone every pointer may come from outside.
; CHECK-LABEL: define internal void @"inside$body"
; CHECK: call void %p(
; CHECK-LABEL: define internal void @"outside$body"
; CHECK: call void @__capr_icall(ptr nest %q
; SIGNATURE-LABEL: define internal void @"inside$body"
; SIGNATURE: call void @__capr_icall(ptr nest %p
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@table = internal constant [2 x ptr] [ptr @a, ptr @b]
define internal void @a(i32 %x) {
  ret void
}
define internal void @b(i32 %x) {
  ret void
}
define void @inside(i64 %i) {
  %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
  %p = load ptr, ptr %slot
  call void %p(i32 1)
  ret void
}
define void @outside(ptr %q) {
  call void %q(i32 1)
  ret void
}
