; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; CHECK: @capr.note = internal constant { i32, i32, i32, [12 x i8], [6 x i32] } { i32 10, i32 24, i32 1, [12 x i8] c"Capriccio\00\00\00", [6 x i32] [i32 1, i32 2048, i32 512, i32 1, i32 0, i32 0] }, section ".note.capriccio", align 4
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @f() {
  ret void
}
