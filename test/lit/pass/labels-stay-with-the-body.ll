; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; Addresses of labels (computed goto) are of the body, which the function's own address is not where it has a stub.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK: @labels = internal constant [2 x ptr] [ptr blockaddress(@"run$body", %a), ptr blockaddress(@"run$body", %b)]
; CHECK: @address = global ptr @run

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@labels = internal constant [2 x ptr] [ptr blockaddress(@run, %a), ptr blockaddress(@run, %b)]
@address = global ptr @run

define i32 @run(i64 %n) {
  %deep = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %deep)
  %slot = getelementptr [2 x ptr], ptr @labels, i64 0, i64 %n
  %to = load ptr, ptr %slot
  indirectbr ptr %to, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}
