; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; Others read on while a thread waits with a read lock; with the write lock, or a spin lock, they stand still.
; CHECK: function writes: warning: usleep may block while the read-write lock 'rw' is held
; CHECK-NEXT: note: writes > usleep
; CHECK: function spins: warning: usleep may block while the spin lock 'spin' is held
; CHECK-NEXT: note: spins > usleep
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@rw = internal global [56 x i8] zeroinitializer
@spin = internal global i32 0
declare i32 @pthread_rwlock_rdlock(ptr)
declare i32 @pthread_rwlock_wrlock(ptr)
declare i32 @pthread_rwlock_unlock(ptr)
declare i32 @pthread_spin_lock(ptr)
declare i32 @pthread_spin_unlock(ptr)
declare i32 @usleep(i32)
define void @reads() {
  %a = call i32 @pthread_rwlock_rdlock(ptr @rw)
  %b = call i32 @usleep(i32 1)
  %c = call i32 @pthread_rwlock_unlock(ptr @rw)
  ret void
}
define void @writes() {
  %a = call i32 @pthread_rwlock_wrlock(ptr @rw)
  %b = call i32 @usleep(i32 1)
  %c = call i32 @pthread_rwlock_unlock(ptr @rw)
  ret void
}
define void @spins() {
  %a = call i32 @pthread_spin_lock(ptr @spin)
  %b = call i32 @usleep(i32 1)
  %c = call i32 @pthread_spin_unlock(ptr @spin)
  ret void
}
