; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; Waiting for a condition gives the mutex back, here and in a callee; another mutex stays held.
; CHECK: function another: warning: pthread_cond_wait may block while the mutex 'other' is held [-Wcapriccio-blocking-in-critical-section]
; CHECK-NEXT: note: another > pthread_cond_wait
; CHECK: function another_above: warning: own may block while the mutex 'other' is held [-Wcapriccio-blocking-in-critical-section]
; CHECK-NEXT: note: another_above > own > pthread_cond_wait
; CHECK: function still_held: warning: usleep may block while a mutex is held
; CHECK-NEXT: note: still_held > usleep
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@other = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @usleep(i32)
define void @own(ptr %m, ptr %c) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  %b = call i32 @pthread_cond_wait(ptr %c, ptr %m)
  %d = call i32 @pthread_mutex_unlock(ptr %m)
  ret void
}
define void @only_waits(ptr %m, ptr %c) {
  %b = call i32 @pthread_cond_wait(ptr %c, ptr %m)
  ret void
}
define void @caller_has_it(ptr %m, ptr %c) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  call void @only_waits(ptr %m, ptr %c)
  %d = call i32 @pthread_mutex_unlock(ptr %m)
  ret void
}
define void @another(ptr %m, ptr %c) {
  %a = call i32 @pthread_mutex_lock(ptr @other)
  %e = call i32 @pthread_mutex_lock(ptr %m)
  %b = call i32 @pthread_cond_wait(ptr %c, ptr %m)
  %d = call i32 @pthread_mutex_unlock(ptr %m)
  %f = call i32 @pthread_mutex_unlock(ptr @other)
  ret void
}
define void @another_above(ptr %m, ptr %c) {
  %a = call i32 @pthread_mutex_lock(ptr @other)
  call void @own(ptr %m, ptr %c)
  %f = call i32 @pthread_mutex_unlock(ptr @other)
  ret void
}
define void @still_held(ptr %m, ptr %c) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  %b = call i32 @pthread_cond_wait(ptr %c, ptr %m)
  %d = call i32 @usleep(i32 1)
  ret void
}
