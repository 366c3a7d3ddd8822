; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; The slow path of a checkpoint keeps no more than C's convention does; all callers are known, so that one will do.
; CHECK-NOT: preserve_mostcc
; CHECK: call void @"spin$c"(i64
; CHECK-NOT: preserve_mostcc
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal preserve_mostcc void @spin(i64 %n) noinline {
  %m = sub i64 %n, 1
  call preserve_mostcc void @spin(i64 %m)
  ret void
}
define void @f() {
  call preserve_mostcc void @spin(i64 9)
  ret void
}
