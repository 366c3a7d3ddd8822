; RUN: env CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=512 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; Bottom-up: the edge over which the path would pass MaxPath gets the checkpoint, edges below it do not.
; CHECK: top frame=
; CHECK-NEXT: checkpoint middle: path over MaxPath
; CHECK: middle frame=
; CHECK-NEXT: in-place bottom: in place
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @top() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @middle()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @middle() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @bottom()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @bottom() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
