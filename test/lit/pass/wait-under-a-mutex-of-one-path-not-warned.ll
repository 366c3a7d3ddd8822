; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; Held on all paths or not at all: a mutex that one path has not taken, or has given back, is not certainly held.
; CHECK-NOT: warning
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @usleep(i32)
define void @taken_on_one(ptr %m, i1 %c) {
  br i1 %c, label %yes, label %join
yes:
  %a = call i32 @pthread_mutex_lock(ptr %m)
  br label %join
join:
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @given_back_on_one(ptr %m, i1 %c) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  br i1 %c, label %yes, label %join
yes:
  %b = call i32 @pthread_mutex_unlock(ptr %m)
  br label %join
join:
  %d = call i32 @usleep(i32 1)
  ret void
}
define void @given_back_in_a_round(ptr %m) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  br label %loop
loop:
  %s = call i32 @usleep(i32 1)
  %c = icmp eq i32 %s, 0
  br i1 %c, label %again, label %out
again:
  %b = call i32 @pthread_mutex_unlock(ptr %m)
  br label %loop
out:
  ret void
}
