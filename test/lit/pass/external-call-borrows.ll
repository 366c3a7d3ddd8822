; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; A call to code that capcc does not compile runs on the big stack; with stack arguments their bytes are named.
; CHECK: call i32 @"seven$b8"(
; CHECK: call void @"plain$b"(
; CHECK: define internal i32 @"seven$b8"
; CHECK-NEXT: "movq ${0:P}@GOTPCREL(%rip), %r10\0A\09movl $$8, %r11d\0A\09jmp ${1:P}{{.*}}", "s,s"(ptr @seven, ptr @__capr_borrow_args)
; CHECK: define internal void @"plain$b"
; CHECK-NEXT: "movq ${0:P}@GOTPCREL(%rip), %r10\0A\09jmp ${1:P}{{.*}}", "s,s"(ptr @plain, ptr @__capr_borrow)
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @seven(i32, i32, i32, i32, i32, i32, i32)
declare void @plain()
define i32 @f() {
  %r = call i32 @seven(i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7)
  call void @plain()
  ret i32 %r
}
