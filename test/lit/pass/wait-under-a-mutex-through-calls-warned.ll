; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; A call that leads to one that waits is warned of, with the shortest chain; calls through pointers are not followed.
; CHECK: function serve: warning: fill may block while the mutex 'lock' is held [-Wcapriccio-blocking-in-critical-section]
; CHECK-NEXT: function load: note: serve > fill > load > pread
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@lock = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i64 @pread(i32, ptr, i64, i64)
define void @load(ptr %buf) {
  %a = call i64 @pread(i32 0, ptr %buf, i64 1, i64 0)
  ret void
}
define void @long_way(ptr %buf) {
  call void @load(ptr %buf)
  ret void
}
define void @fill(ptr %buf) {
  call void @long_way(ptr %buf)
  call void @load(ptr %buf)
  ret void
}
define void @serve(ptr %buf) {
  %b = call i32 @pthread_mutex_lock(ptr @lock)
  call void @fill(ptr %buf)
  %d = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
}
define void @through_pointer(ptr %buf, ptr %f) {
  %b = call i32 @pthread_mutex_lock(ptr @lock)
  call void %f(ptr %buf)
  %d = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
}
