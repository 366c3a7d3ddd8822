; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A fence is a locked instruction on the bytes 64 below rsp, which no object of the frame accounts for, in a leaf function or not.
; RUN: env CAPCC_PRINT=frames %opt -load-pass-plugin=%pass -passes=capriccio -disable-output %s 2>&1 | FileCheck %s

; CHECK-DAG: leaf 64
; CHECK-DAG: caller 72

target triple = "x86_64-pc-linux-gnu"

define void @leaf() noinline {
  fence seq_cst
  ret void
}

define void @caller() noinline {
  fence seq_cst
  call void @leaf()
  fence seq_cst
  ret void
}

define i32 @main() {
  call void @caller()
  ret i32 0
}
