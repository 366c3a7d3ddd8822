; The link's optimizations leave the runtime's code out of the program's and as it was compiled; code generation sees no difference
; to other code, also not that this was to be small. What has to be inlined is.
;
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s | FileCheck --check-prefix=EARLY %s
; RUN: %opt -load-pass-plugin=%pass -passes='capriccio-early,capriccio' -S %s | FileCheck --check-prefix=LATE --implicit-check-not=optnone %s
; REQUIRES: capcc
; RUN: env CAPCC_PREEMPT=off %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s | FileCheck --check-prefix=OFF --implicit-check-not=optnone %s
;
; EARLY: define {{.*}}@wait_here() #[[KEPT:[0-9]+]]
; EARLY: define {{.*}}@helper() #[[SMALL:[0-9]+]]
; EARLY: define {{.*}}@always() #[[FREE:[0-9]+]]
; EARLY: attributes #[[KEPT]] = { noinline optnone "capr-code" "capr-held"
; EARLY: attributes #[[SMALL]] = { noinline optnone "capr-code" "capr-held-optsize"
; EARLY: attributes #[[FREE]] = { alwaysinline "capr-code"
; LATE: define {{.*}}@helper() #[[SMALL:[0-9]+]]
; LATE: attributes #[[SMALL]] = { noinline optsize "capr-code"
; OFF: define {{.*}}@wait_here
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal void @wait_here() section "capr_text" {
  call void @helper()
  call void @always()
  ret void
}

define internal void @helper() optsize section "capr_text" {
  ret void
}

define internal void @always() alwaysinline section "capr_text" {
  ret void
}

define i32 @main() {
  call void @wait_here()
  ret i32 0
}
