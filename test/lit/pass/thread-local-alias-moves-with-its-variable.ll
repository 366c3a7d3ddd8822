; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; An alias of a thread-local variable is the same field of the thread's block.
; CHECK: @__capr_tls_size = hidden constant i64 16
; CHECK-NOT: alias
; CHECK-LABEL: define i32 @f(
; CHECK-NOT: @other
; CHECK: [[FIELD:%[0-9]+]] = getelementptr i8, ptr %capr.tls, i64 0
; CHECK: load i32, ptr [[FIELD]]
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@x = internal thread_local global i32 5
@other = internal thread_local alias i32, ptr @x
declare ptr @llvm.threadlocal.address.p0(ptr)
define i32 @f() {
  %a = call ptr @llvm.threadlocal.address.p0(ptr @other)
  %v = load i32, ptr %a
  ret i32 %v
}
