; RUN: env CAPCC_WARN=blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --check-prefix=WAIT --implicit-check-not=puts %s
; RUN: env CAPCC_WARN=stdio-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --check-prefix=STDIO --implicit-check-not=fgets %s
; RUN: not env CAPCC_WARN=stdio-in-critical-section=error,blocking-in-critical-section %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | FileCheck --check-prefix=ERROR %s
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio-early -disable-output %s 2>&1 | count 0
; REQUIRES: capcc
; Output goes to a buffer, most of the time: what writes to a stream is a warning of its own; input waits like read. An error ends the
; link, but not before all is said.
; WAIT: function both: warning: fgets may block while the mutex 'lock' is held [-Wcapriccio-blocking-in-critical-section]
; STDIO: function both: warning: puts may block while the mutex 'lock' is held [-Wcapriccio-stdio-in-critical-section]
; ERROR: function both: error: puts may block while the mutex 'lock' is held [-Werror,-Wcapriccio-stdio-in-critical-section]
; ERROR: function both: warning: fgets may block
; ERROR: capcc: error: 1 call in critical sections (above) that -Werror makes errors; nothing was linked
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@lock = internal global [40 x i8] zeroinitializer
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @puts(ptr)
declare ptr @fgets(ptr, i32, ptr)
define void @both(ptr %buf, ptr %file) {
  %a = call i32 @pthread_mutex_lock(ptr @lock)
  %b = call i32 @puts(ptr %buf)
  %c = call ptr @fgets(ptr %buf, i32 10, ptr %file)
  %d = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
}
