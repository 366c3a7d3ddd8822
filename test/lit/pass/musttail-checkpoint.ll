; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; A stub has its callee's type and passes everything through, so even musttail may go through one.
; CHECK: musttail call void @"spin$c"(i64
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal void @spin(i64 %n) noinline {
  %m = sub i64 %n, 1
  musttail call void @spin(i64 %m)
  ret void
}
define void @f() {
  call void @spin(i64 9)
  ret void
}
