; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; The checkpoint stub of a function whose address is taken goes to its body, not to the entry stub, which would check again.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s | FileCheck %s

; CHECK: define internal {{.*}} @"f$c"
; CHECK-NEXT: call void asm sideeffect "leaq{{.*}}(ptr @"f$body", ptr @__capr_link_checked)

target triple = "x86_64-pc-linux-gnu"

define void @f(i32 %n) {
  %p = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @f(i32 %n)
  call void @opaque()
  ret void
}

declare void @opaque()
