; RUN: not %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o /dev/null 2>&1 | FileCheck %s
; REQUIRES: capcc
; CHECK: capcc: error: other: a thread-local variable shared with code that capcc did not compile
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@x = internal thread_local global i32 5
@other = thread_local alias i32, ptr @x
define ptr @f() {
  ret ptr @other
}
