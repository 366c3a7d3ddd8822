; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; The worker's address and errno's, kept across a call after which the thread may be on another worker: each use behind the call has
; one of its own, also by way of a member's address and where two paths meet.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@capr__worker = external hidden thread_local(localexec) global [64 x i8]
declare ptr @llvm.threadlocal.address.p0(ptr)
declare ptr @__errno_location() memory(none)
declare void @block()
declare void @take(ptr)

; CHECK-LABEL: define i32 @member(
; CHECK: call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
; CHECK: load i32
; CHECK: call void @"block$b"()
; CHECK-NEXT: [[W:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
; CHECK-NEXT: [[M:%.*]] = getelementptr i8, ptr [[W]], i64 24
; CHECK-NEXT: load i32, ptr [[M]]
define i32 @member() {
  %w = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %m = getelementptr i8, ptr %w, i64 24
  %v = load i32, ptr %m
  call void @block()
  %u = load i32, ptr %m
  %s = add i32 %v, %u
  ret i32 %s
}

; CHECK-LABEL: define void @value(
; CHECK-NOT: threadlocal.address
; CHECK: asm sideeffect "movq %fs:0
; CHECK: call void @"block$b"()
; CHECK-NEXT: [[W:%.*]] = call ptr asm sideeffect "movq %fs:0, $0\0A\09leaq capr__worker@tpoff($0), $0"
; CHECK-NEXT: [[M:%.*]] = getelementptr i8, ptr [[W]], i64 32
; CHECK-NEXT: call void @"take$b"(ptr [[M]])
define void @value() {
  %w = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %m = getelementptr i8, ptr %w, i64 32
  call void @take(ptr %m)
  call void @block()
  call void @take(ptr %m)
  ret void
}

; CHECK-LABEL: define void @merged(
; CHECK: call void @"block$b"()
; CHECK-NEXT: [[W:%.*]] = call ptr asm sideeffect "movq %fs:0
; CHECK-NEXT: [[M:%.*]] = getelementptr i8, ptr [[W]], i64 40
; CHECK: phi ptr [ [[M]], %waits ], [ %other, %entry ]
define void @merged(i1 %c, ptr %other) {
entry:
  %w = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %m = getelementptr i8, ptr %w, i64 40
  br i1 %c, label %waits, label %done
waits:
  call void @block()
  br label %done
done:
  %p = phi ptr [ %m, %waits ], [ %other, %entry ]
  store i8 1, ptr %p
  ret void
}

; CHECK-LABEL: define i32 @error(
; CHECK: [[E:%.*]] = call ptr @__errno_location()
; CHECK-NEXT: store i32 0, ptr [[E]]
; CHECK-NEXT: call void @"block$b"()
; CHECK-NEXT: [[F:%.*]] = call ptr @__errno_location()
; CHECK-NEXT: load i32, ptr [[F]]
define i32 @error() {
  %e = call ptr @__errno_location()
  store i32 0, ptr %e
  call void @block()
  %v = load i32, ptr %e
  ret i32 %v
}

; CHECK-LABEL: define i32 @error_merged(
; CHECK: call void @"block$b"()
; CHECK-NEXT: [[E:%.*]] = call ptr @__errno_location()
; CHECK: phi ptr [ [[E]], %waits ], [ %other, %entry ]
define i32 @error_merged(i1 %c, ptr %other) {
entry:
  %e = call ptr @__errno_location()
  br i1 %c, label %waits, label %done
waits:
  call void @block()
  br label %done
done:
  %p = phi ptr [ %e, %waits ], [ %other, %entry ]
  %v = load i32, ptr %p
  ret i32 %v
}

; Two paths that each take the address: the phi is gone, also round a loop.
; CHECK-LABEL: define void @joined(
; CHECK-NOT: phi
; CHECK: call void @"block$b"()
; CHECK-NEXT: [[W:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
; CHECK-NEXT: [[M:%.*]] = getelementptr i8, ptr [[W]], i64 8
; CHECK-NEXT: store i8 1, ptr [[M]]
; CHECK-NOT: phi
; CHECK: ret void
define void @joined(i1 %c, i1 %d) {
entry:
  br i1 %c, label %one, label %two
one:
  %v = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %m = getelementptr i8, ptr %v, i64 8
  call void @take(ptr %m)
  br label %both
two:
  %w = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %n = getelementptr i8, ptr %w, i64 8
  br label %both
both:
  %p = phi ptr [ %m, %one ], [ %n, %two ], [ %p, %both ]
  call void @block()
  store i8 1, ptr %p
  br i1 %d, label %both, label %done
done:
  ret void
}

; CHECK-LABEL: define void @joined_differ(
; CHECK: phi ptr
define void @joined_differ(i1 %c) {
entry:
  br i1 %c, label %one, label %two
one:
  %v = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %m = getelementptr i8, ptr %v, i64 8
  br label %both
two:
  %w = call ptr @llvm.threadlocal.address.p0(ptr @capr__worker)
  %n = getelementptr i8, ptr %w, i64 16
  br label %both
both:
  %p = phi ptr [ %m, %one ], [ %n, %two ]
  store i8 1, ptr %p
  ret void
}

; CHECK-LABEL: define i32 @error_joined(
; CHECK-NOT: phi
; CHECK: call void @"block$b"()
; CHECK-NEXT: [[E:%.*]] = call ptr @__errno_location()
; CHECK-NEXT: load i32, ptr [[E]]
define i32 @error_joined(i1 %c) {
entry:
  br i1 %c, label %one, label %two
one:
  %d = call ptr @__errno_location()
  store i32 0, ptr %d
  br label %both
two:
  %e = call ptr @__errno_location()
  br label %both
both:
  %p = phi ptr [ %d, %one ], [ %e, %two ]
  call void @block()
  %v = load i32, ptr %p
  ret i32 %v
}
