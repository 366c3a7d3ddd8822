; The stubs only jump: one entry of .eh_frame describes a section of them. With debug information code generation describes each.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck --check-prefix=TOGETHER %s
; RUN: sed 's,^;DEBUG ,,' %s | %opt -load-pass-plugin=%pass -passes=capriccio -S - -o - | FileCheck --check-prefix=APART %s
; REQUIRES: capcc
; TOGETHER: module asm ".Lcapr_cie:"
; TOGETHER: module asm "\09.long \22plain$b\22 - ."
; TOGETHER-NEXT: module asm "\09.long .Lcapr_end_capr_stub - \22plain$b\22"
; TOGETHER: module asm "\09.long \22main\22 - ."
; TOGETHER-NEXT: module asm "\09.long .Lcapr_end_capr_entry - \22main\22"
; TOGETHER: define internal void @"plain$b"() [[B:#[0-9]+]] section "capr_stub"
; TOGETHER-NEXT: call void asm sideeffect "{{.*}}\0A.Lcapr_end_capr_stub:"
; TOGETHER: attributes [[B]] = {{{.*}}naked{{.*}}nounwind
; TOGETHER-NOT: uwtable
; APART-NOT: capr_cie
; APART: define internal void @"plain$b"() [[B:#[0-9]+]] section "capr_stub"
; APART: attributes [[B]] = {{{.*}}naked{{.*}}uwtable
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @plain()

define i32 @main() {
  %p = alloca [512 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @plain()
  ret i32 0
}

;DEBUG !llvm.dbg.cu = !{!0}
;DEBUG !llvm.module.flags = !{!2}
;DEBUG !0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: LineTablesOnly)
;DEBUG !1 = !DIFile(filename: "a.c", directory: "/")
;DEBUG !2 = !{i32 2, !"Debug Info Version", i32 3}
