; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; A pointer that is not known to be another lock's may be this one's; not so that of a global variable whose address nobody keeps (though
; wrappers may be passed it), another member of the same object, and a lock of another kind.
; CHECK: function by_name: warning: usleep may block while the mutex 'private' is held
; CHECK-NEXT: note: by_name > usleep
; CHECK: function passed_on: warning: usleep may block while the mutex 'wrapped' is held
; CHECK-NEXT: note: passed_on > usleep
; CHECK: function member: warning: usleep may block while a mutex is held
; CHECK-NEXT: note: member > usleep
; CHECK: function read_again: warning: usleep may block while a mutex is held
; CHECK-NEXT: note: read_again > usleep
; CHECK: function kind: warning: usleep may block while a mutex is held
; CHECK-NEXT: note: kind > usleep
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@private = internal global [40 x i8] zeroinitializer
@wrapped = internal global [40 x i8] zeroinitializer
@kept = internal global [40 x i8] zeroinitializer
@pointer = global ptr @kept
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_spin_unlock(ptr)
declare i32 @usleep(i32)
define void @unlock_some(ptr %where) {
  %m = load ptr, ptr %where
  %a = call i32 @pthread_mutex_unlock(ptr %m)
  ret void
}
define void @by_name(ptr %where) {
  %a = call i32 @pthread_mutex_lock(ptr @private)
  call void @unlock_some(ptr %where)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @wrapper(ptr %m) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  ret void
}
define void @passed_on(ptr %where) {
  call void @wrapper(ptr @wrapped)
  call void @unlock_some(ptr %where)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @may_be_passed(ptr %m) {
  %a = call i32 @pthread_mutex_lock(ptr @wrapped)
  %b = call i32 @pthread_mutex_unlock(ptr %m)
  %c = call i32 @usleep(i32 1)
  ret void
}
define void @address_kept(ptr %where) {
  %a = call i32 @pthread_mutex_lock(ptr @kept)
  call void @unlock_some(ptr %where)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @arguments(ptr %m, ptr %n) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  %c = call i32 @pthread_mutex_unlock(ptr %n)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @member(ptr %m) {
  %n = getelementptr i8, ptr %m, i64 40
  %a = call i32 @pthread_mutex_lock(ptr %m)
  %c = call i32 @pthread_mutex_unlock(ptr %n)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @read_again(ptr %p) {
  %m = load ptr, ptr %p
  %a = call i32 @pthread_mutex_lock(ptr %m)
  %b = call i32 @usleep(i32 1)
  %n = load ptr, ptr %p
  %c = call i32 @pthread_mutex_unlock(ptr %n)
  %d = call i32 @usleep(i32 2)
  ret void
}
define void @kind(ptr %m, ptr %n) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  %c = call i32 @pthread_spin_unlock(ptr %n)
  %b = call i32 @usleep(i32 1)
  ret void
}
