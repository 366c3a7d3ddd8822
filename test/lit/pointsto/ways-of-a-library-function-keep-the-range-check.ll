; RUN: env CAPCC_ICALLS=pointsto %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; REQUIRES: capcc
; What a pointer to a function of another library may come through. Left out of a set that has a function of the module, it would be
; called without the check of the stack: so each of these calls goes through __capr_icall.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

%pair = type { i64, ptr }
%big = type { i64, ptr, [40 x i8], ptr }
@constant = internal constant %big { i64 0, ptr @inside, [40 x i8] zeroinitializer, ptr @inside }

declare void @outside(i32)
define internal void @inside(i32 %x) {
  ret void
}

; Neither the copy alone, nor the original.
; CHECK-LABEL: define internal void @"call_in_place$body"
; CHECK: call void %f(
define void @call_in_place() {
  %s = alloca ptr
  store ptr @inside, ptr %s
  %f = load ptr, ptr %s
  call void %f(i32 1)
  ret void
}

; The callee writes to the copy that it got of a constant.
; CHECK-LABEL: define internal {{.*}}@by_value_callee
; CHECK: call void @__capr_icall(ptr nest %f
define internal void @by_value_callee(ptr byval(%big) align 8 %b) noinline {
  %at = getelementptr i8, ptr %b, i64 8
  store ptr @outside, ptr %at
  %f = load ptr, ptr %at
  call void %f(i32 1)
  ret void
}
define void @by_value() {
  call void @by_value_callee(ptr byval(%big) align 8 @constant)
  ret void
}

; What a variadic function finds behind its named arguments.
declare void @llvm.va_start(ptr)
; CHECK-LABEL: define internal {{.*}}@by_value_variadic
; CHECK: call void @__capr_icall(ptr nest %f
define internal void @by_value_variadic(i32 %n, ...) noinline {
  %list = alloca [24 x i8], align 16
  call void @llvm.va_start(ptr %list)
  %a = getelementptr i8, ptr %list, i64 8
  %area = load ptr, ptr %a
  %at = getelementptr i8, ptr %area, i64 8
  %f = load ptr, ptr %at
  call void %f(i32 1)
  ret void
}
define void @by_value_to_variadic() {
  %s = alloca %big, align 8
  store %big { i64 0, ptr @outside, [40 x i8] zeroinitializer, ptr @inside }, ptr %s
  call void (i32, ...) @by_value_variadic(i32 1, ptr @inside, ptr byval(%big) align 8 %s)
  ret void
}

; CHECK-LABEL: define internal void @"long_double$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @long_double() {
  %s = alloca [2 x ptr], align 16
  %t = alloca [2 x ptr], align 16
  store ptr @inside, ptr %s
  store ptr @outside, ptr %t
  %v = load x86_fp80, ptr %t
  store x86_fp80 %v, ptr %s
  %f = load ptr, ptr %s
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"negated$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @negated(i1 %which) {
  %n = sub i64 0, ptrtoint (ptr @outside to i64)
  %m = sub i64 0, %n
  %p = inttoptr i64 %m to ptr
  %f = select i1 %which, ptr %p, ptr @inside
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"absolute$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @absolute(i1 %which) {
  %n = call i64 @llvm.abs.i64(i64 ptrtoint (ptr @outside to i64), i1 false)
  %p = inttoptr i64 %n to ptr
  %f = select i1 %which, ptr %p, ptr @inside
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"floating_point$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @floating_point(i1 %which) {
  %d = uitofp i64 ptrtoint (ptr @outside to i64) to double
  %n = fptoui double %d to i64
  %p = inttoptr i64 %n to ptr
  %f = select i1 %which, ptr %p, ptr @inside
  call void %f(i32 1)
  ret void
}

declare i64 @strtoul(ptr, ptr, i32)
; CHECK-LABEL: define internal void @"text$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @text(ptr %s, i1 %which) {
  %n = call i64 @strtoul(ptr %s, ptr null, i32 16)
  %p = inttoptr i64 %n to ptr
  %f = select i1 %which, ptr %p, ptr @inside
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"distance$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @distance(i64 %d) {
  %f = getelementptr i8, ptr @inside, i64 %d
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"expanded$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @expanded(<2 x i1> %mask) {
  %s = alloca [2 x ptr], align 16
  store ptr @outside, ptr %s
  %v = call <2 x ptr> @llvm.masked.expandload.v2p0(ptr %s, <2 x i1> %mask, <2 x ptr> <ptr @inside, ptr @inside>)
  %f = extractelement <2 x ptr> %v, i64 1
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"compressed$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @compressed(<2 x i1> %mask) {
  %s = alloca [2 x ptr], align 16
  store ptr @inside, ptr %s
  call void @llvm.masked.compressstore.v2p0(<2 x ptr> <ptr @inside, ptr @outside>, ptr %s, <2 x i1> %mask)
  %f = load ptr, ptr %s
  call void %f(i32 1)
  ret void
}

; An operand that the text, which is empty, leaves where it is: in memory.
; CHECK-LABEL: define internal void @"tied$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @tied() {
  %s = alloca ptr
  store ptr @inside, ptr %s
  call void asm "", "=*rm,0"(ptr elementtype(ptr) %s, ptr @outside)
  %f = load ptr, ptr %s
  call void %f(i32 1)
  ret void
}

declare ptr @wmemcpy(ptr, ptr, i64)
; CHECK-LABEL: define internal void @"wide_characters$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @wide_characters() {
  %s = alloca [2 x ptr]
  %t = alloca [2 x ptr]
  store ptr @inside, ptr %s
  store ptr @outside, ptr %t
  call ptr @wmemcpy(ptr %s, ptr %t, i64 2)
  %f = load ptr, ptr %s
  call void %f(i32 1)
  ret void
}

declare ptr @strcpy(ptr, ptr)
; CHECK-LABEL: define internal void @"string$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @string() {
  %s = alloca ptr
  %t = alloca ptr
  store ptr @inside, ptr %s
  store ptr @outside, ptr %t
  call ptr @strcpy(ptr %s, ptr %t)
  %f = load ptr, ptr %s
  call void %f(i32 1)
  ret void
}

; Of a file, which MAP_ANONYMOUS (32) is not.
declare ptr @mmap(ptr, i64, i32, i32, i32, i64)
; CHECK-LABEL: define internal void @"mapped$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @mapped(i32 %file) {
  %m = call ptr @mmap(ptr null, i64 4096, i32 3, i32 1, i32 %file, i64 0)
  %at = getelementptr i8, ptr %m, i64 8
  store ptr @inside, ptr %at
  %f = load ptr, ptr %at
  call void %f(i32 1)
  ret void
}

; CHECK-LABEL: define internal void @"mapped_anonymously$body"
; CHECK: call void %f(
define void @mapped_anonymously() {
  %m = call ptr @mmap(ptr null, i64 4096, i32 3, i32 34, i32 -1, i64 0)
  store ptr @inside, ptr %m
  %f = load ptr, ptr %m
  call void %f(i32 1)
  ret void
}

declare ptr @open_memstream(ptr, ptr)
; CHECK-LABEL: define internal void @"stream_in_memory$body"
; CHECK: call void @__capr_icall(ptr nest %f
define void @stream_in_memory() {
  %text = alloca ptr
  %size = alloca i64
  call ptr @open_memstream(ptr %text, ptr %size)
  %p = load ptr, ptr %text
  store ptr @inside, ptr %p
  %f = load ptr, ptr %p
  call void %f(i32 1)
  ret void
}
