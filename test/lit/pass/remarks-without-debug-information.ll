; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -pass-remarks-analysis=capriccio -S %s -o - 2>&1 >/dev/null | FileCheck %s
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -pass-remarks-analysis=inline -S %s -o - 2>&1 >/dev/null | FileCheck --allow-empty --check-prefix=NONE %s
; RUN: env CAPCC_MAX_PATH=65536 %opt -load-pass-plugin=%pass -passes=capriccio -pass-remarks-analysis='cap.*' -S %s -o - 2>&1 >/dev/null | FileCheck --check-prefix=LONG %s
; REQUIRES: capcc
; Remarks name functions where there are no lines: frames of at least MaxPath/4, calls in loops that are paid for, and locals of at least
; MaxPath/16 on the stack while a call blocks: idle by lifetime or by use, handed to the call, or used before and after it.
; CHECK: function serve: remark: frame of 'serve' takes {{[0-9]+}} bytes: a local variable 900, a local variable 800, a local variable 700, 2 more [-Rpass-analysis=capriccio]
; CHECK-NEXT: function serve: remark: checkpoint in a loop: 'serve' needs {{[0-9]+}} bytes; closes a cycle [-Rpass-analysis=capriccio]
; CHECK-NEXT: function serve: remark: 'unknown' is called in a loop; big stack: no proven bound [-Rpass-analysis=capriccio]
; CHECK-NEXT: function serve: remark: a local variable (900 bytes) is on the stack while 'read' blocks, which is handed its address; 2 calls in 'serve' may block [-Rpass-analysis=capriccio]
; CHECK-NEXT: function serve: remark: a local variable (800 bytes) is on the stack while 'serve' blocks and is used before and after; 2 calls in 'serve' may block [-Rpass-analysis=capriccio]
; CHECK-NEXT: function serve: remark: a local variable (700 bytes) is on the stack while 'serve' blocks though nothing needs it then: use it in a function of its own that does not block; 2 calls in 'serve' may block [-Rpass-analysis=capriccio]
; CHECK-NEXT: function serve: remark: a local variable (600 bytes) is on the stack while 'serve' blocks though nothing needs it then
; CHECK-NEXT: function serve: remark: a local variable (500 bytes) is on the stack while 'serve' blocks and is used before and after;
; CHECK-NOT: remark
; NONE-NOT: remark
; LONG-NOT: frame of
; LONG-NOT: bytes) is on the stack
; LONG: function serve: remark: 'unknown' is called in a loop
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=48\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @capr__switch, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
@kept = global ptr null
declare void @capr__switch()
declare i1 @unknown(ptr captures(none))

define weak void @read(ptr %p) "capr-runtime" {
  %large = alloca [4000 x i8]
  call void asm sideeffect "", "r"(ptr %large)
  call void @capr__switch()
  ret void
}
define void @serve() {
  %argument = alloca [900 x i8]
  %around = alloca [800 x i8]
  %only_after = alloca [700 x i8]
  %ended = alloca [600 x i8]
  %escaped = alloca [500 x i8]
  %small = alloca [16 x i8]
  store volatile i8 1, ptr %around
  store volatile ptr %escaped, ptr @kept
  call void @llvm.lifetime.start.p0(ptr %ended)
  %a = call i1 @unknown(ptr %ended)
  call void @llvm.lifetime.end.p0(ptr %ended)
  br i1 %a, label %loop, label %wait
loop:
  call void @serve()
  %b = call i1 @unknown(ptr %small)
  br i1 %b, label %loop, label %wait
wait:
  call void @read(ptr %argument)
  %c = load volatile i8, ptr %around
  store volatile i8 1, ptr %only_after
  ret void
}
