; RUN: env CAPCC_ICALLS=pointsto %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %s 2>&1 | FileCheck %s
; RUN: env CAPCC_ICALLS=pointsto-strict %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %s 2>&1 | FileCheck --check-prefix=STRICT %s
; REQUIRES: capcc
; Code outside was given three functions and may call or hand in each. By the calling convention two of them can be meant where one is
; called with an argument; by C only the one of that type. A pointer that the analysis follows keeps what it holds, with both kinds of set.
; CHECK: {{^}}outside: same; external yes
; CHECK: {{^}}without_prototype: narrow same wide; external yes
; CHECK: {{^}}inside: narrow; external no
; STRICT: {{^}}outside: same; external yes
; STRICT: {{^}}without_prototype: narrow same wide; external yes
; STRICT: {{^}}inside: narrow; external no
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @give(ptr, ptr, ptr)

define internal void @narrow() {
  ret void
}
define internal void @same(ptr %x) {
  store i8 0, ptr %x
  ret void
}
define internal void @wide(ptr %x, ptr %y) {
  store i8 0, ptr %x
  store i8 0, ptr %y
  ret void
}
define void @start() {
  call void @give(ptr @narrow, ptr @same, ptr @wide)
  ret void
}
define void @outside(ptr %f, ptr %x) {
  call void %f(ptr %x)
  ret void
}
define void @without_prototype(ptr %f, ptr %x, ptr %y) {
  call void (...) %f(ptr %x, ptr %y)
  ret void
}
define void @inside(ptr %x) {
  %slot = alloca ptr
  store ptr @narrow, ptr %slot
  %f = load ptr, ptr %slot
  call void %f(ptr %x)
  ret void
}
