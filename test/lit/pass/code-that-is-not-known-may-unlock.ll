; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --allow-empty --implicit-check-not=warning: %s
; REQUIRES: capcc
; A call through a pointer, or of a library, may end in any function whose address is known, and gives back what that may give back, and
; what it is handed. Functions of libc of which it is known that they call nothing back leave all locks alone, and so does a callback that
; unlocks what it has locked.
; CHECK: function safe: warning: usleep may block while the mutex 'untouched' is held
; CHECK-NEXT: note: safe > usleep
; CHECK: function libc: warning: usleep may block while the mutex 'touched' is held
; CHECK-NEXT: note: libc > usleep
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@touched = internal global [40 x i8] zeroinitializer
@untouched = internal global [40 x i8] zeroinitializer
@table = global [2 x ptr] [ptr @callback, ptr @balanced]
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare void @library(ptr)
declare i64 @strlen(ptr)
declare i32 @usleep(i32)
define internal void @callback() {
  %a = call i32 @pthread_mutex_unlock(ptr @touched)
  ret void
}
define internal void @balanced() {
  %a = call i32 @pthread_mutex_lock(ptr @untouched)
  %b = call i32 @pthread_mutex_unlock(ptr @untouched)
  ret void
}
define void @through_pointer(ptr %f) {
  %a = call i32 @pthread_mutex_lock(ptr @touched)
  call void %f()
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @in_a_library() {
  %a = call i32 @pthread_mutex_lock(ptr @touched)
  call void @library(ptr null)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @handed_over(ptr %m) {
  %a = call i32 @pthread_mutex_lock(ptr %m)
  call void @library(ptr %m)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @safe(ptr %f) {
  %a = call i32 @pthread_mutex_lock(ptr @untouched)
  call void %f()
  call void @library(ptr null)
  %b = call i32 @usleep(i32 1)
  ret void
}
define void @libc(ptr %s) {
  %a = call i32 @pthread_mutex_lock(ptr @touched)
  %n = call i64 @strlen(ptr %s)
  %b = call i32 @usleep(i32 1)
  ret void
}
