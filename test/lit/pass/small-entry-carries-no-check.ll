; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CHECK: define i32 @tiny({{.*}} section "capr_entry"
; CHECK-NEXT: call void asm sideeffect "jmp ${0:P}{{.*}}", "s"(ptr @"tiny$body")
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define i32 @tiny(i32 %x) {
  ret i32 %x
}
