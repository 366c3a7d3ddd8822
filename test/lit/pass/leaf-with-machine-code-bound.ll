; RUN: echo 'library libc.so.6 0123456789abcdef0123456789abcdef01234567' > %t
; RUN: echo 'memcpy 24' >> %t
; RUN: echo 'strlen - indirect jump' >> %t
; RUN: echo 'qsort 8' >> %t
; RUN: env CAPCC_BOUNDS=%t %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; memcpy has a bound and is in the list: in place, and bit 0 tells the runtime to trust it. qsort has a bound but is not in the
; list, strlen is in the list but has none.
; CHECK: @__capr_leaf_trusted = hidden constant i64 1
; CHECK: @__capr_leaf_build_id_size = hidden constant i32 20
; CHECK: call ptr @memcpy(
; CHECK: call i64 @strlen(
; CHECK: call void @"qsort$b"(
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @memcpy(ptr, ptr, i64)
declare i64 @strlen(ptr)
declare void @qsort(ptr)
define i64 @f(ptr %a, ptr %b, i64 %n) {
  %r = call ptr @memcpy(ptr %a, ptr %b, i64 %n)
  %s = call i64 @strlen(ptr %a)
  call void @qsort(ptr %a)
  ret i64 %s
}
