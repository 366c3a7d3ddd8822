; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; The loader runs constructors and destructors, and other code weak and hidden functions whose address it was given: all by stubs.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK: @llvm.global_ctors = appending global {{.*}} { i32 101, ptr @"start$e", ptr null }
; CHECK: @llvm.global_dtors = appending global {{.*}} { i32 101, ptr @"stop$e", ptr null }
; CHECK: define internal void @"start$e"() {{.*}} section "capr_entry"
; CHECK: define internal void @"stop$e"() {{.*}} section "capr_entry"
; CHECK: define weak void @replaced() {{.*}} section "capr_entry"
; CHECK: define hidden void @hidden() {{.*}} section "capr_entry"

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 101, ptr @start, ptr null }]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 101, ptr @stop, ptr null }]

define internal void @start() {
  %deep = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %deep)
  ret void
}
define internal void @stop() {
  %deep = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %deep)
  ret void
}
define weak void @replaced() {
  %deep = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %deep)
  ret void
}
define hidden void @hidden() {
  %deep = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %deep)
  ret void
}
