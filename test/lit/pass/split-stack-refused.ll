; RUN: not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; CHECK: {{^}}capcc: error: f: compiled with -fsplit-stack
; CHECK-SAME: Remedy: drop the flag
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f() "split-stack" {
  ret void
}
