; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; A cycle that is entered at two places, and one that is closed by a computed goto, whose edge cannot be split.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; CHECK: define {{.*}}@{{"?}}two_entries
; CHECK: call void @"__capr_spin_turn$c"
; CHECK: define {{.*}}@{{"?}}computed
; CHECK: loop:
; CHECK: call void @"__capr_spin_turn$c"

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@capr__worker = external hidden thread_local(localexec) global [64 x i8]
@llvm.compiler.used = appending global [1 x ptr] [ptr @__capr_spin_turn], section "llvm.metadata"
declare hidden void @capr__switch()
define hidden void @__capr_spin_turn() noinline {
  call void @capr__switch()
  ret void
}
@flag = global i32 0
@flags = global [64 x i32] zeroinitializer
define void @two_entries(i1 %c) {
entry:
  br i1 %c, label %a, label %b
a:
  %v = load volatile i32, ptr @flag, align 4
  %x = icmp eq i32 %v, 0
  br i1 %x, label %b, label %done
b:
  %w = load volatile i32, ptr @flags, align 4
  %y = icmp eq i32 %w, 0
  br i1 %y, label %a, label %done
done:
  ret void
}
define void @computed() {
entry:
  br label %loop
loop:
  %v = load volatile i32, ptr @flag, align 4
  %c = icmp eq i32 %v, 0
  %to = select i1 %c, ptr blockaddress(@computed, %loop), ptr blockaddress(@computed, %done)
  indirectbr ptr %to, [label %loop, label %done]
done:
  ret void
}
