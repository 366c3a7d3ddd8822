; RUN: echo '{ read; };' >%t.list
; RUN: env CAPCC_SHARED=%t.list CAPCC_PRINT=contexts %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o %t.ll 2>&1 >/dev/null | FileCheck %s
; RUN: FileCheck --check-prefix=IR --input-file=%t.ll %s
; REQUIRES: capcc
; In a shared object the word is where the program has said, from %fs. Calls that leave the module turn it, and so do those through pointers, which
; may lead anywhere; inside, chains are numbered as in a program. What never leaves the module changes nothing.
; CHECK:      {{^}}first -> wait same
; CHECK-NEXT: second -> wait add 1
; CHECK-NEXT: second -> (outside) turn
; CHECK-NEXT: wait -> (outside) turn
; CHECK-NOT:  computes
; IR-LABEL: define internal void @"second$body"(
; IR: %[[AT:[0-9]+]] = load i64, ptr @__capr_context_at
; IR-NEXT: %[[WORD:[0-9]+]] = inttoptr i64 %[[AT]] to ptr addrspace(257)
; IR-NEXT: %[[BEFORE:[0-9]+]] = load i64, ptr addrspace(257) %[[WORD]]
; IR-NEXT: %[[SUM:[0-9]+]] = add i64 %[[BEFORE]], 1
; IR-NEXT: store i64 %[[SUM]], ptr addrspace(257) %[[WORD]]
; IR-NEXT: call void @wait
; IR-NEXT: load i64, ptr @__capr_context_at
; IR: sub i64 %{{[0-9]+}}, 1
; IR-LABEL: define internal void @computes
; IR-NOT: capr_context
; IR: ret
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@__capr_context_at = hidden global i64 128

declare void @read()

define void @first() noinline {
  call void @wait()
  call void @computes(i32 1)
  ret void
}
define void @second(ptr %f) noinline {
  call void @wait()
  call void %f()
  call void @computes(i32 2)
  ret void
}
define internal void @wait() noinline {
  call void @read()
  ret void
}
define internal void @computes(i32 %n) noinline {
  ret void
}
