; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; Nothing is known of a naked function's stack: it runs on the big stack, as external code does, under the name of a C library function too.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK: call i32 @"assembly$b"()
; CHECK: call i64 @"strlen$b"(ptr
; CHECK: define internal i64 @"strlen$b"
; CHECK-NEXT: asm sideeffect "leaq ${0:P}(%rip), %r10

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal i32 @assembly() naked noinline {
  call void asm sideeffect "movl $$1, %eax\0Aret", ""()
  unreachable
}
define i64 @strlen(ptr %s) naked noinline {
  call void asm sideeffect "subq $$4000, %rsp\0Amovl $$1, %eax\0Aaddq $$4000, %rsp\0Aret", ""()
  unreachable
}
define i32 @main(i32 %n, ptr %p) {
  %a = call i32 @assembly()
  %b = call i64 @strlen(ptr %p)
  ret i32 %a
}
