; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; The claims of docs/abi.md are emitted as a section that is not loaded, and name bodies, entries and what never returns.
; A function that checks nothing is its own entry.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s | FileCheck %s

; CHECK: module asm "\09.pushsection .note.capriccio.claims,\22\22,@note"
; CHECK: module asm "\09.long \22__capr_borrow\22"
; CHECK: module asm "\09.long \22main\22"
; CHECK-NEXT: module asm "\09.long \22main\22"
; CHECK: module asm "\09.long \22die$b\22"
; CHECK: module asm "\09.asciz \22leaf_of_mine\22"
; CHECK: module asm "\09.popsection"

target triple = "x86_64-pc-linux-gnu"

@text = private unnamed_addr constant [20 x i8] c"capr.stack_bound=24\00"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }]
  [{ ptr, ptr, ptr, i32, ptr } { ptr @leaf_of_mine, ptr @text, ptr null, i32 0, ptr null }], section "llvm.metadata"

define i32 @main() {
  call void @leaf_of_mine()
  call void @die()
  unreachable
}

declare void @leaf_of_mine()
declare void @die() noreturn
