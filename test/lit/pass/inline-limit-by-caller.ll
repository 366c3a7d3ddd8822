; RUN: %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o - | FileCheck %s
; RUN: env CAPCC_INLINE_LIMIT=512 %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o - | FileCheck --check-prefix=GIVEN %s
; RUN: env CAPCC_INLINE_LIMIT=off %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o - | FileCheck --check-prefix=OFF %s
; REQUIRES: capcc
; Before the inliner of the link each caller gets a limit that fits it: the option's, or what its own locals already take. Functions
; that never block, and that nothing which blocks calls by name, have none.
; CHECK: define void @blocks() [[LIMIT:#[0-9]+]]
; CHECK: define void @blocks_with_buffer() [[LARGE:#[0-9]+]]
; CHECK: define void @blocks_through_pointer(ptr %f) [[LIMIT]]
; CHECK: define internal void @called_by_blocking() [[LIMIT]]
; CHECK: define internal void @called_by_others() {
; CHECK: define void @never_blocks() {
; CHECK: attributes [[LIMIT]] = { "inline-max-stacksize"="256" }
; CHECK: attributes [[LARGE]] = { "inline-max-stacksize"="4096" }
; GIVEN: attributes #0 = { "inline-max-stacksize"="512" }
; OFF-NOT: inline-max-stacksize
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@pointer = global ptr @blocks
declare void @capr__switch()

define void @blocks() #0 {
  call void @called_by_blocking()
  call void @capr__switch()
  ret void
}
define void @blocks_with_buffer() {
  %p = alloca [4096 x i8]
  call void @blocks()
  ret void
}
define void @blocks_through_pointer(ptr %f) {
  call void %f()
  ret void
}
define internal void @called_by_blocking() {
  call void @called_by_others()
  ret void
}
define internal void @called_by_others() #0 {
  ret void
}
define void @never_blocks() #0 {
  call void @called_by_others()
  ret void
}
attributes #0 = { "inline-max-stacksize"="256" }
