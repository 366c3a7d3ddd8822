; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; An alias may be called from anywhere, so it means the entry stub; a call by it that the module makes goes to the body.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK-DAG: @other = weak alias i32 (i32), ptr @one
; CHECK-DAG: @table = global [2 x ptr] [ptr @one, ptr @other]
; CHECK: define internal i32 @"one$body"(i32
; CHECK: define internal i32 @"main$body"
; CHECK-NEXT: call i32 @"one$body"(i32 3)
; CHECK: define i32 @one(i32 %0) {{.*}} section "capr_entry"

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@other = weak alias i32 (i32), ptr @one
@table = global [2 x ptr] [ptr @one, ptr @other]

define i32 @one(i32 %n) noinline {
  %deep = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %deep)
  ret i32 %n
}
define i32 @main(i32 %n, ptr %p) {
  %a = call i32 @other(i32 3)
  ret i32 %a
}
