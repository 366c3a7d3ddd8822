; RUN: echo '{ read; };' >%t.list
; RUN: env CAPCC_SHARED=%t.list %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck --check-prefix=PROGRAM %s
; REQUIRES: capcc
; In a shared object a call to what the program may define, or to an exported function of its own, asks what it meets; one to a
; hidden function does not, and one to a function of the same file's machine code borrows. An alias is asked about by its own name.
; Exports are listed with their depths.
; CHECK-DAG: @capr.exports = internal constant {{.*}} { i32 10, i32 16, i32 3, {{.*}}c"{{.*}}exported\00\00\00\00{{.*}}" }, section ".note.capriccio", align 4
; CHECK-LABEL: define internal i32 @"exported$body"(
; CHECK: call i32 @"exported$m"(
; CHECK: call i64 @"read$m"(
; CHECK: call i32 @hidden(
; CHECK: call i32 @"machine_code$b"(
; CHECK: call i32 @"seven$m8"(
; CHECK: call i32 @"exported$c"(
; CHECK: call i32 @"exported_alias$m"(
; CHECK-LABEL: define internal i32 @"exported$m"(
; CHECK-NEXT: "movq ${0:P}@GOTPCREL(%rip), %r10\0A\09jmp ${1:P}", "s,s"(ptr @exported, ptr @__capr_icall)
; CHECK-LABEL: define internal i32 @"seven$m8"(
; CHECK-NEXT: "movq ${0:P}@GOTPCREL(%rip), %r10\0A\09jmp ${1:P}", "s,s"(ptr @seven, ptr @"__capr_icall$a8")
; CHECK-LABEL: define internal i32 @"exported_alias$m"(
; CHECK-NEXT: "movq ${0:P}@GOTPCREL(%rip), %r10\0A\09jmp ${1:P}", "s,s"(ptr @exported_alias, ptr @__capr_icall)
;
; PROGRAM-NOT: capr.exports
; PROGRAM-LABEL: define i32 @exported(
; PROGRAM-NOT: $m
; PROGRAM: call i64 @"read$b"(
; PROGRAM: call i32 @hidden(
; PROGRAM: call i32 @"seven$b8"(
; PROGRAM-NOT: $m
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@hidden_alias = hidden alias i32 (i32), ptr @exported
@exported_alias = alias i32 (i32), ptr @exported
declare i64 @read(i32, ptr, i64)
declare hidden i32 @machine_code()
declare i32 @seven(i32, i32, i32, i32, i32, i32, i32)
define internal i32 @hidden(i32 %n) noinline {
  ret i32 %n
}
define i32 @exported(i32 %n) {
  %a = call i32 @exported(i32 %n)
  %b = call i64 @read(i32 %a, ptr null, i64 0)
  %c = call i32 @hidden(i32 %a)
  %d = call i32 @machine_code()
  %e = call i32 @seven(i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 %d)
  %f = add i32 %c, %e
  %g = call i32 @hidden_alias(i32 %f)
  %h = call i32 @exported_alias(i32 %g)
  ret i32 %f
}
