; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; A stub does not know how many bytes of arguments would have to move, and says so (0xffffffff in the high half); calls with a
; variadic type check first, by the word before the function, and external code has room.
; CHECK: define void @variadic({{.*}} section "capr_entry" {{.*}}prefix i64 512
; CHECK: leaq -512(%rsp), %r11{{.*}}movabsq $$18446744069414584832, %r11
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @variadic(i32 %x, ...) {
  %p = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
