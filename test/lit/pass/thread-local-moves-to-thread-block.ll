; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; The variable is a field of the running thread's block: worker.self->tls, made when it is not there yet. One base address serves
; the whole function, calls that may switch included, since the block never moves.
; CHECK: @__capr_tls_image = hidden constant <{ i32, [12 x i8], [16 x i8] }> <{ i32 5, [12 x i8] zeroinitializer, [16 x i8] zeroinitializer }>
; CHECK: @__capr_tls_size = hidden constant i64 32
; CHECK: @__capr_tls_align = hidden constant i64 16
; CHECK-LABEL: define i32 @f(
; CHECK: load ptr, ptr %{{.*}}
; CHECK: call ptr @"__capr_tls_slow$b"()
; CHECK: %capr.tls = phi ptr
; CHECK-NOT: phi ptr
; CHECK: ret i32
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@x = internal thread_local global i32 5
@buf = internal thread_local global [16 x i8] zeroinitializer, align 16
declare void @block()
declare ptr @llvm.threadlocal.address.p0(ptr)
define i32 @f(i32 %n) {
  %a = call ptr @llvm.threadlocal.address.p0(ptr @x)
  %v = load i32, ptr %a
  call void @block()
  %b = call ptr @llvm.threadlocal.address.p0(ptr @buf)
  store i8 1, ptr %b
  %w = load i32, ptr %a
  %s = add i32 %v, %w
  ret i32 %s
}
