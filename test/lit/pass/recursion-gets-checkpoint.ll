; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; A call edge that closes a cycle goes through a checkpoint stub; the first call into the cycle does not.
; CHECK: define internal void @recurse(
; CHECK: call void @"recurse$c"(
; CHECK: define internal void @"enter$body"(
; CHECK: call void @recurse(
; CHECK: define internal void @"recurse$c"(i64 %0) #[[NAKED:[0-9]+]] {{.*}}
; CHECK-NEXT: call void asm sideeffect "leaq -{{[0-9]+}}(%rsp), %r11\0A\09cmpq %fs:0x70, %r11\0A\09jae ${0:P}\0A\09leaq ${0:P}(%rip), %r10\0A\09jmp ${1:P}{{.*}}", "s,s"(ptr @recurse, ptr @__capr_link_checked)
; CHECK: attributes #[[NAKED]] = {{.*}}naked
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal void @recurse(i64 %n) noinline {
  %p = alloca [64 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  %zero = icmp eq i64 %n, 0
  br i1 %zero, label %out, label %again
again:
  %m = sub i64 %n, 1
  call void @recurse(i64 %m)
  call void asm sideeffect "", "r"(ptr %p)
  br label %out
out:
  ret void
}
define void @enter(i64 %n) {
  call void @recurse(i64 %n)
  ret void
}
