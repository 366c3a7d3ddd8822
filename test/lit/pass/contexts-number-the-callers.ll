; RUN: env CAPCC_PRINT=contexts %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o %t.ll 2>&1 >/dev/null | FileCheck %s
; RUN: FileCheck --check-prefix=IR --input-file=%t.ll %s
; REQUIRES: capcc
; A function with one caller costs nothing; the second of two callers adds what the first one's chains take. All blocking calls are callers
; of one more function. Calls inside a recursion add nothing; one through a pointer turns the word. Where nothing blocks, nothing is done.
; CHECK:      {{^}}main -> left same
; CHECK-NEXT: main -> right same
; CHECK-NEXT: main -> (outside) turn
; CHECK-NEXT: left -> wait add 1
; CHECK-NEXT: right -> wait add 2
; CHECK-NEXT: right -> recurse same
; CHECK-NEXT: recurse -> recurse same
; CHECK-NEXT: recurse -> read add
; CHECK-NEXT: wait -> read add
; CHECK:      chains
; IR-LABEL: define {{.*}}@left
; IR: add i64 %{{[0-9]+}}, 1
; IR: call void @wait
; IR: sub i64 %{{[0-9]+}}, 1
; IR-LABEL: define {{.*}}@computes
; IR-NOT: capr__worker
; IR: ret
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@bound = private unnamed_addr constant [20 x i8] c"capr.stack_bound=48\00", section "llvm.metadata"
@file = private unnamed_addr constant [2 x i8] c"x\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @capr__switch, ptr @bound, ptr @file, i32 1, ptr null }], section "llvm.metadata"
@capr__worker = external hidden thread_local(localexec) global [64 x i8]
@hook = global ptr @wait
declare void @capr__switch()

define weak void @read() "capr-runtime" {
  call void @capr__switch()
  ret void
}
define void @main() noinline {
  call void @left()
  call void @right()
  %f = load ptr, ptr @hook
  call void %f()
  call void @computes()
  ret void
}
define internal void @left() noinline {
  call void @wait()
  ret void
}
define internal void @right() noinline {
  call void @wait()
  call void @recurse()
  ret void
}
define internal void @recurse() noinline {
  call void @recurse()
  call void @read()
  ret void
}
define internal void @wait() noinline {
  call void @read()
  ret void
}
define internal void @computes() noinline {
  %x = alloca i32
  store volatile i32 1, ptr %x
  ret void
}
