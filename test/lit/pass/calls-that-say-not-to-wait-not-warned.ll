; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; Constant arguments say that a call does not wait: MSG_DONTWAIT, a time of 0, WNOHANG, LOCK_NB, fcntl without F_SETLKW. Nor is locking
; another mutex, or waking others, waiting.
; CHECK: function waits: warning: recv may block while the mutex 'lock' is held
; CHECK-NEXT: note: waits > recv
; CHECK: function waits: warning: fcntl may block while the mutex 'lock' is held
; CHECK-NEXT: note: waits > fcntl
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@lock = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_signal(ptr)
declare i64 @recv(i32, ptr, i64, i32)
declare i32 @poll(ptr, i64, i32)
declare i32 @waitpid(i32, ptr, i32)
declare i32 @flock(i32, i32)
declare i32 @fcntl(i32, i32, ...)
define void @looks(ptr %buf, ptr %other) {
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  %b = call i64 @recv(i32 0, ptr %buf, i64 1, i32 64)
  %c = call i32 @poll(ptr %buf, i64 1, i32 0)
  %d = call i32 @waitpid(i32 1, ptr null, i32 1)
  %e = call i32 @flock(i32 0, i32 6)
  %f = call i32 (i32, i32, ...) @fcntl(i32 0, i32 3)
  %g = call i32 @pthread_mutex_lock(ptr %other)
  %h = call i32 @pthread_cond_signal(ptr %buf)
  %i = call i32 @pthread_mutex_unlock(ptr %other)
  %j = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
}
define void @waits(ptr %buf) {
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  %b = call i64 @recv(i32 0, ptr %buf, i64 1, i32 0)
  %c = call i32 (i32, i32, ...) @fcntl(i32 0, i32 7, ptr %buf)
  %d = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
}
