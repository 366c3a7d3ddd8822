; RUN: not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; CHECK: capcc: error: swapcontext: the program switches stacks by hand
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @swapcontext(ptr, ptr)
define i32 @f(ptr %a, ptr %b) {
  %r = call i32 @swapcontext(ptr %a, ptr %b)
  ret i32 %r
}
