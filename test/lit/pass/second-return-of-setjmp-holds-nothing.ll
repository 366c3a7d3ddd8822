; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; Where setjmp returns again nobody knows which locks the jump came with.
; CHECK-NOT: warning
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@lock = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @_setjmp(ptr) returns_twice
declare i32 @usleep(i32)
define void @f(ptr %where) {
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  %b = call i32 @_setjmp(ptr %where) returns_twice
  %c = call i32 @usleep(i32 1)
  ret void
}
