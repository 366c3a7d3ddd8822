; RUN: env CAPCC_PRINT=placement %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; One edge of a cycle of three carries the checkpoint, the one that comes back to where the search entered.
; CHECK: a frame={{[0-9]+}} depth=[[A:[0-9]+]] entry=checked
; CHECK-NEXT: in-place b
; CHECK: b frame=
; CHECK-NEXT: in-place c
; CHECK: c frame=
; CHECK-NEXT: checkpoint a: closes a cycle
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @a() {
  %p = alloca [64 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @b()
  ret void
}
define internal void @b() {
  %p = alloca [64 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @c()
  ret void
}
define internal void @c() {
  %p = alloca [64 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @a()
  ret void
}
