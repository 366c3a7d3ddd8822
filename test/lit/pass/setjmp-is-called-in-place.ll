; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A function that returns twice is never run on another stack; the runtime's setjmp has a stated bound. longjmp is external.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK: call i32 @_setjmp(ptr
; CHECK: call void @"longjmp$b"(ptr

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@buffer = global [25 x i64] zeroinitializer

define i32 @main() {
  %r = call i32 @_setjmp(ptr @buffer) returns_twice
  %c = icmp eq i32 %r, 0
  br i1 %c, label %jump, label %end
jump:
  call void @longjmp(ptr @buffer, i32 1) noreturn
  unreachable
end:
  ret i32 0
}
declare i32 @_setjmp(ptr) returns_twice
declare void @longjmp(ptr, i32) noreturn
