; RUN: env CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=512 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; A function just short of MaxPath would cost each of its callers a checkpoint. Where it spares more than four of them theirs it
; checks on its own way down instead; with four callers the checks stay theirs.
; CHECK: log frame=
; CHECK-NEXT: checkpoint deep: spares callers a check
; CHECK: rare frame=
; CHECK-NEXT: in-place deep: in place
; CHECK: log1 frame=
; CHECK-NEXT: in-place log: in place
; CHECK: log2 frame=
; CHECK-NEXT: in-place log: in place
; CHECK: log3 frame=
; CHECK-NEXT: in-place log: in place
; CHECK: log4 frame=
; CHECK-NEXT: in-place log: in place
; CHECK: log5 frame=
; CHECK-NEXT: in-place log: in place
; CHECK: rare1 frame=
; CHECK-NEXT: checkpoint rare: path over MaxPath
; CHECK: rare2 frame=
; CHECK-NEXT: checkpoint rare: path over MaxPath
; CHECK: rare3 frame=
; CHECK-NEXT: checkpoint rare: path over MaxPath
; CHECK: rare4 frame=
; CHECK-NEXT: checkpoint rare: path over MaxPath
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal void @deep() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @log() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @deep()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @rare() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @deep()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @log1() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @log()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @log2() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @log()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @log3() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @log()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @log4() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @log()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @log5() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @log()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @rare1() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @rare()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @rare2() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @rare()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @rare3() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @rare()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define void @rare4() {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @rare()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
