; RUN: not %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck %s
; REQUIRES: capcc
; CHECK: capcc: error: function f: inline assembly with 'pop %rsp' moves the stack pointer
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f(i64 %sp) {
  call void asm sideeffect "push $0\0Apop %rsp", "r"(i64 %sp)
  ret void
}
