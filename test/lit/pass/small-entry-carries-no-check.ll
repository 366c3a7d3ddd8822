; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; A function that needs so little that its callers through pointers keep room for it is its own entry: no stub stands before it.
; CHECK: define i32 @tiny({{.*}} section "capr_entry" {{.*}}prefix i64
; CHECK-NEXT: ret i32 %x
; One that was put somewhere stays there, and one with a group of its own.
; CHECK: define internal i32 @"placed$body"({{.*}} section ".text.mine"
; CHECK: define internal i32 @"grouped$body"(
; CHECK: define i32 @placed({{.*}} section "capr_entry"
; CHECK-NEXT: call void asm sideeffect "jmp ${0:P}{{.*}}", "s"(ptr @"placed$body")
; CHECK: define linkonce_odr i32 @grouped({{.*}} section "capr_entry"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

$grouped = comdat any

define i32 @tiny(i32 %x) {
  ret i32 %x
}
define i32 @placed(i32 %x) section ".text.mine" {
  ret i32 %x
}
define linkonce_odr i32 @grouped(i32 %x) comdat {
  ret i32 %x
}
