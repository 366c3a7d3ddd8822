; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; Arguments on the stack (here a struct by value, 64 bytes) move along: the stub knows how many bytes.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s

; CHECK: define internal void @recurse(i32 %n, ptr byval([8 x i64])
; CHECK: call void @"recurse$c64"(i32 {{.*}}, ptr byval([8 x i64]) align 8
; CHECK: define internal void @"recurse$c64"
; CHECK-NEXT: call void asm sideeffect "leaq -[[NEED:[0-9]+]](%rsp), %r11{{.*}}movabsq $${{[0-9]+}}, %r11

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal void @recurse(i32 %n, ptr byval([8 x i64]) align 8 %s) noinline {
  %m = sub i32 %n, 1
  %c = icmp eq i32 %m, 0
  br i1 %c, label %end, label %again
again:
  call void @recurse(i32 %m, ptr byval([8 x i64]) align 8 %s)
  br label %end
end:
  ret void
}
define i32 @main(i32 %n, ptr %p) {
  call void @recurse(i32 %n, ptr byval([8 x i64]) align 8 %p)
  ret i32 0
}
