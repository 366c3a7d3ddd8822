; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; The target travels in the nest register; other arguments keep their places. sret stays an attribute of its argument.
; CHECK: call i32 @__capr_icall(ptr nest %p, i32 1)
; CHECK: call void @__capr_icall(ptr nest %p, ptr sret([32 x i8]) %s)
; CHECK: call void (ptr, i32, ...) @"__capr_icall$v0"(ptr nest %p, i32 1, i32 2)
; CHECK: call void @"__capr_icall$a16"(ptr nest %p, i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i64 8)
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f(ptr %p) {
  %s = alloca [32 x i8]
  %r = call i32 %p(i32 1)
  call void %p(ptr sret([32 x i8]) %s)
  call void (i32, ...) %p(i32 1, i32 2)
  call void %p(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i64 8)
  ret void
}
