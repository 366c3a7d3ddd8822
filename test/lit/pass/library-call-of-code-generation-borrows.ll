; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; frem and the arithmetic of __float128 have no instruction, so code generation calls fmod and __addtf3: those calls get a stub, and
; in the machine code meet it. floor has an instruction from SSE4.1 on.
; RUN: env CAPCC_PRINT=graph %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o %t.ll 2>&1 | FileCheck --check-prefix=GRAPH %s
; RUN: FileCheck --check-prefix=STUBS %s <%t.ll

; GRAPH: {{^}}f frame
; GRAPH-NEXT: -> made by code generation: no proven bound (16)
; GRAPH-NEXT: -> made by code generation: no proven bound (16)
; GRAPH-NEXT: {{^}}sse41 frame
; GRAPH-NEXT: {{^}}quad frame
; GRAPH-NEXT: -> made by code generation: no proven bound (16)
; GRAPH-NEXT: {{^}}optnone frame
; GRAPH-NEXT: -> made by code generation: no proven bound (16)
; GRAPH-NEXT: {{^}}extended frame
; GRAPH-NEXT: -> made by code generation: no proven bound (16)

; STUBS-DAG: define internal void @"floor$b"()
; STUBS-DAG: define internal void @"fmod$b"()
; STUBS-DAG: define internal void @"__addtf3$b"()
; STUBS-DAG: define internal void @"fmodl$b64"()

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define double @f(double %a, double %b) {
  %r = frem double %a, %b
  %s = call double @llvm.floor.f64(double %r)
  ret double %s
}
define double @sse41(double %a) "target-features"="+sse4.1" {
  %s = call double @llvm.floor.f64(double %a)
  ret double %s
}
define fp128 @quad(fp128 %a, fp128 %b) {
  %s = fadd fp128 %a, %b
  ret fp128 %s
}
define double @optnone(double %a, double %b) noinline optnone {
  %r = frem double %a, %b
  ret double %r
}
define x86_fp80 @extended(x86_fp80 %a, x86_fp80 %b) {
  %r = frem x86_fp80 %a, %b
  ret x86_fp80 %r
}
declare double @llvm.floor.f64(double)
