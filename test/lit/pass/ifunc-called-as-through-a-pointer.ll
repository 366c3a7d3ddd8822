; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; What an IFUNC's resolver chooses is known as the program starts: a call by its name goes as one through a pointer does.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK: @chosen = ifunc i32 (i32), ptr @resolve
; CHECK: define ptr @resolve(){{.*}} section "capr_entry"
; CHECK: call i32 @__capr_icall(ptr nest @chosen, i32 3)

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@chosen = ifunc i32 (i32), ptr @resolve

define internal i32 @one(i32 %n) {
  ret i32 %n
}
define ptr @resolve() {
  ret ptr @one
}
define i32 @main(i32 %n, ptr %p) {
  %a = call i32 @chosen(i32 3)
  ret i32 %a
}
