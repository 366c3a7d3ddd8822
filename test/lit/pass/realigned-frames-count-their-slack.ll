; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; An object aligned to more than the stack's 16 bytes, or stackrealign, costs up to twice the alignment more than the frame says.
; RUN: env CAPCC_PRINT=frames %opt -load-pass-plugin=%pass -passes=capriccio -disable-output %s 2>&1 | FileCheck %s

; 512 bytes of object, 2 * 256 and 16 on top, at least.
; CHECK: {{^}}aligned {{1[0-9][0-9][0-9]$}}
; CHECK: {{^}}asked {{[5-9][0-9]$}}

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @aligned() {
  %a = alloca [512 x i8], align 256
  call void asm sideeffect "", "r"(ptr %a)
  ret void
}
define void @asked() "stackrealign" {
  call void @aligned()
  ret void
}
