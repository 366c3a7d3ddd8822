; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; The warning names the call, the mutex and the chain; what comes before the lock and after the unlock is not spoken of.
; CHECK: function serve: warning: read may block while the mutex 'lock' is held [-Wcapriccio-blocking-in-critical-section]
; CHECK-NEXT: function serve: note: serve > read
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@lock = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i64 @read(i32, ptr, i64)
declare i64 @write(i32, ptr, i64)
define void @serve(ptr %buf) {
  %a = call i64 @write(i32 1, ptr %buf, i64 1)
  %b = call i32 @pthread_mutex_lock(ptr @lock)
  %c = call i64 @read(i32 0, ptr %buf, i64 1)
  %d = call i32 @pthread_mutex_unlock(ptr @lock)
  %e = call i64 @write(i32 1, ptr %buf, i64 1)
  ret void
}
