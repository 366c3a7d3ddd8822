; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; What may fail holds where the result was found to be 0, and nowhere else: not before, not where it is another test, and not again once
; it was given back.
; CHECK: function tested: warning: usleep may block while a mutex is held
; CHECK-NEXT: note: tested > usleep
; CHECK: function switched: warning: sleep may block while the read-write lock 'rw' is held
; CHECK-NEXT: note: switched > sleep
; CHECK: function through_a_wrapper: warning: usleep may block while a mutex is held (locked in 'wrapper')
; CHECK-NEXT: note: through_a_wrapper > usleep
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@rw = internal global [56 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_trylock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_rwlock_timedwrlock(ptr, ptr)
declare i32 @usleep(i32)
declare i32 @sleep(i32)
define void @tested(ptr %m) {
  %r = call i32 @pthread_mutex_trylock(ptr %m)
  %before = call i32 @sleep(i32 1)
  %c = icmp ne i32 %r, 0
  br i1 %c, label %failed, label %held
held:
  %a = call i32 @usleep(i32 1)
  %b = call i32 @pthread_mutex_unlock(ptr %m)
  br label %join
failed:
  %d = call i32 @sleep(i32 1)
  br label %join
join:
  %again = icmp eq i32 %r, 0
  br i1 %again, label %not_held, label %out
not_held:
  %e = call i32 @sleep(i32 1)
  br label %out
out:
  ret void
}
define void @switched(ptr %t) {
  %r = call i32 @pthread_rwlock_timedwrlock(ptr @rw, ptr %t)
  switch i32 %r, label %failed [ i32 0, label %held ]
held:
  %a = call i32 @sleep(i32 1)
  ret void
failed:
  %d = call i32 @usleep(i32 1)
  ret void
}
define void @other_test(ptr %m) {
  %r = call i32 @pthread_mutex_trylock(ptr %m)
  %c = icmp eq i32 %r, 16
  br i1 %c, label %failed, label %perhaps
perhaps:
  %a = call i32 @sleep(i32 1)
  ret void
failed:
  ret void
}
define void @lock_that_failed(ptr %m) {
  %r = call i32 @pthread_mutex_lock(ptr %m)
  %c = icmp eq i32 %r, 0
  br i1 %c, label %held, label %failed
held:
  ret void
failed:
  %a = call i32 @sleep(i32 1)
  ret void
}
define i32 @wrapper(ptr %m) {
  %r = call i32 @pthread_mutex_trylock(ptr %m)
  ret i32 %r
}
define void @through_a_wrapper(ptr %m) {
  %r = call i32 @wrapper(ptr %m)
  %c = icmp eq i32 %r, 0
  br i1 %c, label %held, label %failed
held:
  %a = call i32 @usleep(i32 1)
  ret void
failed:
  %b = call i32 @sleep(i32 1)
  ret void
}
