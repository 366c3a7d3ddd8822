; RUN: env CAPCC_PRINT=blocking %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - 2>&1 >/dev/null | FileCheck %s
; RUN: env CAPCC_PRINT=blocking CAPCC_STACKS=linked %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - 2>&1 >/dev/null | FileCheck %s
; RUN: env CAPCC_PRINT=blocking CAPCC_REPORT=%t.json %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - 2>&1 >/dev/null | FileCheck %s
; RUN: FileCheck --check-prefix=JSON --input-file=%t.json %s
; REQUIRES: capcc
; For each call into the runtime that may block, the deepest way to it counts: every frame and return address, and the runtime's own down
; to the switch. A call that closes a cycle is not followed. Calls that never block are no points.
; CHECK: {{^}}1328 bytes while read blocks: thread 8, handle 808, wait 408, runtime 80
; CHECK-NOT: blocks
; JSON: "blocking": [
; JSON: "function": "wait",
; JSON-NEXT: "callee": "read",
; JSON-NEXT: "bytes": 1248,
; JSON-NEXT: "runtime_bytes": 80,
; JSON-NEXT: "chain": [
; JSON-NEXT: "thread",
; JSON-NEXT: "handle",
; JSON-NEXT: "wait"
; JSON-NEXT: ]
; JSON-NEXT: }
; JSON-NEXT: ],
; JSON: "blocking_points": 1,
; JSON-NEXT: "blocking_bytes_total": 1328,
; JSON-NEXT: "blocking_bytes_largest": 1328,
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=48\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @capr__switch, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
declare void @capr__switch()

define weak void @read() "capr-runtime" {
  call void @hidden_in_runtime()
  ret void
}
define internal void @hidden_in_runtime() noinline {
  call void @capr__switch()
  ret void
}
define weak i32 @pthread_self() "capr-runtime" {
  ret i32 1
}
define void @thread() {
  call void @handle(i1 0)
  ret void
}
define void @main() {
  call void @wait()
  %self = call i32 @pthread_self()
  ret void
}
define internal void @handle(i1 %again) noinline {
  %p = alloca [800 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  br i1 %again, label %deeper, label %out
deeper:
  call void @handle(i1 0)
  br label %out
out:
  call void @wait()
  ret void
}
define internal void @wait() noinline {
  %p = alloca [400 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @read()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
