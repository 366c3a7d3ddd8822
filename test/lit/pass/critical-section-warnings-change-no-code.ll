; RUN: %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o %t.without.ll
; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -S %s -o %t.with.ll 2>&1 | FileCheck %s
; RUN: diff %t.without.ll %t.with.ll
; REQUIRES: capcc
; Code of -O0 keeps its variables, though the warning looks through them.
; CHECK: function keep: warning: usleep may block while a mutex is held
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @usleep(i32)
define void @keep(ptr %m) noinline optnone {
  %v = alloca ptr
  store ptr %m, ptr %v
  %m1 = load ptr, ptr %v
  %a = call i32 @pthread_mutex_lock(ptr %m1)
  %b = call i32 @usleep(i32 1)
  %m2 = load ptr, ptr %v
  %c = call i32 @pthread_mutex_unlock(ptr %m2)
  %d = call i32 @usleep(i32 1)
  ret void
}
