; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A program that defines memset itself: code generation's call of it goes through the entry stub, and takes bytes there.
; RUN: env CAPCC_PRINT=graph %opt -load-pass-plugin=%pass -passes=capriccio -disable-output %s 2>&1 | FileCheck %s

; CHECK: fill frame={{[0-9]+}}
; CHECK-NEXT: -> made by code generation: entry stub checks (64)

target triple = "x86_64-pc-linux-gnu"

define ptr @memset(ptr %p, i32 %c, i64 %n) noinline {
  %b = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %b)
  ret ptr %p
}

define internal void @fill(ptr %p, i64 %n) noinline {
  call void @llvm.memset.p0.i64(ptr %p, i8 1, i64 %n, i1 false)
  ret void
}

define i32 @main(ptr %p, i64 %n) {
  call void @fill(ptr %p, i64 %n)
  ret i32 0
}

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
