; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; In the large code model no call instruction names the function that code generation calls on its own.
; RUN: env CAPCC_PRINT=graph %opt -load-pass-plugin=%pass -passes=capriccio -disable-output %s 2>&1 | FileCheck %s

; CHECK: fill frame={{[0-9]+}}
; CHECK-NEXT: -> made by code generation (16)

target triple = "x86_64-pc-linux-gnu"

define internal void @fill(ptr %p, i64 %n) noinline {
  call void @llvm.memset.p0.i64(ptr %p, i8 1, i64 %n, i1 false)
  ret void
}

define i32 @main(ptr %p, i64 %n) {
  call void @fill(ptr %p, i64 %n)
  ret i32 0
}

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

!llvm.module.flags = !{!0}
!0 = !{i32 1, !"Code Model", i32 4}
