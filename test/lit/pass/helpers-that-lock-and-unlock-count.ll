; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; A mutex is held behind a helper that takes it, and no longer behind one that gives it back; which one is told by the argument.
; CHECK: function both: warning: read may block while the mutex 'global' is held (locked in 'take') [-Wcapriccio-blocking-in-critical-section]
; CHECK-NEXT: note: both > read
; CHECK: function given_back_and_taken_again: warning: read may block
; CHECK-NEXT: note: given_back_and_taken_again > read
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@global = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i64 @read(i32, ptr, i64)
define void @take(ptr %m) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  ret void
}
define void @give_back(ptr %m) {
  %a = call i32 @pthread_mutex_unlock(ptr %m)
  ret void
}
define void @wait_without(ptr %m, ptr %buf) {
  call void @give_back(ptr %m)
  %a = call i64 @read(i32 0, ptr %buf, i64 1)
  call void @take(ptr %m)
  ret void
}
define void @both(ptr %buf) {
  call void @take(ptr @global)
  %a = call i64 @read(i32 0, ptr %buf, i64 1)
  call void @give_back(ptr @global)
  %b = call i64 @read(i32 0, ptr %buf, i64 1)
  ret void
}
define void @given_back_and_taken_again(ptr %m, ptr %buf) {
  call void @take(ptr %m)
  call void @wait_without(ptr %m, ptr %buf)
  %a = call i64 @read(i32 0, ptr %buf, i64 1)
  ret void
}
