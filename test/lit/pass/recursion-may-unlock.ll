; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; What functions that call each other may give back is known of each of them; what they take at each return is taken.
; CHECK: function behind_taking: warning: usleep may block while the mutex 'lock' is held (locked in 'take')
; CHECK-NEXT: note: behind_taking > usleep
; A recursion that moves a pointer on gives back any lock that a pointer leads to.
; CHECK: function moved_on_elsewhere: warning: usleep may block while the mutex 'lock' is held
; CHECK-NEXT: note: moved_on_elsewhere > usleep
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@lock = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @usleep(i32)
define void @even(i32 %n) {
  %c = icmp eq i32 %n, 0
  br i1 %c, label %out, label %go
go:
  %m = sub i32 %n, 1
  call void @odd(i32 %m)
  br label %out
out:
  ret void
}
define void @odd(i32 %n) {
  %c = icmp eq i32 %n, 0
  br i1 %c, label %unlock, label %go
unlock:
  %a = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
go:
  %m = sub i32 %n, 1
  call void @even(i32 %m)
  ret void
}
define void @take(i32 %n) {
  %c = icmp eq i32 %n, 0
  br i1 %c, label %lock, label %go
lock:
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  ret void
go:
  %m = sub i32 %n, 1
  call void @take(i32 %m)
  ret void
}
define void @not_held() {
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  call void @even(i32 4)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @behind_taking() {
  call void @take(i32 4)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @unlock_all(ptr %p, i32 %n) {
  %a = call i32 @pthread_mutex_unlock(ptr %p)
  %c = icmp eq i32 %n, 0
  br i1 %c, label %out, label %go
go:
  %m = sub i32 %n, 1
  %q = getelementptr i8, ptr %p, i64 40
  call void @unlock_all(ptr %q, i32 %m)
  br label %out
out:
  ret void
}
define void @moved_on(ptr %p, i32 %n) {
  %far = getelementptr i8, ptr %p, i64 4000
  %a = call i32 @pthread_mutex_lock(ptr %far)
  call void @unlock_all(ptr %p, i32 %n)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @moved_on_elsewhere(ptr %p, i32 %n) {
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  call void @unlock_all(ptr %p, i32 %n)
  %b = call i32 @usleep(i32 1)
  ret void
}
