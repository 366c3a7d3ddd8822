; RUN: not %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o /dev/null 2>&1 | FileCheck %s
; REQUIRES: capcc
; C that was compiled with -fexceptions, and has something to do when a thread ends. A local function is named as the source has it,
; without the number that merging gave it.
; CHECK: {{^}}capcc: error: function run: C compiled with -fexceptions: {{.*}}Remedy: compile it by capcc
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @__gcc_personality_v0(...)
declare void @wait_long()
declare void @cleanup()

define internal void @run.156() personality ptr @__gcc_personality_v0 {
  invoke void @wait_long()
          to label %done unwind label %unwound
done:
  call void @cleanup()
  ret void
unwound:
  %pad = landingpad { ptr, i32 }
          cleanup
  call void @cleanup()
  resume { ptr, i32 } %pad
}

define void @entry() {
  call void @run.156()
  ret void
}
