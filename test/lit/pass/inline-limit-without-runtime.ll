; RUN: %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o - | FileCheck %s
; REQUIRES: capcc
; A module without the runtime (a shared object) blocks in code that is not in it: every function has the limit.
; CHECK: define void @f() [[LIMIT:#[0-9]+]]
; CHECK: attributes [[LIMIT]] = { "inline-max-stacksize"="256" }
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f() {
  ret void
}
