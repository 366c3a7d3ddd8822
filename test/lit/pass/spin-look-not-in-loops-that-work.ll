; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;
; No look in loops that end by counting and work: with plain stores, a sum along an array, a walk along a list, even if they can be
; cut short by a flag; in an interpreter that looks at a flag before each instruction; nor where nothing in the loop is anybody else's. Then nothing of the runtime's is left over either.
; RUN: %opt -load-pass-plugin=%pass -passes=capriccio -S %s -o - | FileCheck %s
; CHECK-NOT: capr_spin

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@capr__worker = external hidden thread_local(localexec) global [64 x i8]
@llvm.compiler.used = appending global [1 x ptr] [ptr @__capr_spin_turn], section "llvm.metadata"
declare hidden void @capr__switch()
define hidden void @__capr_spin_turn() noinline {
  call void @capr__switch()
  ret void
}
@flag = global i32 0
@flags = global [64 x i32] zeroinitializer
define void @fills(ptr %a, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %next ]
  %v = load atomic i32, ptr @flag seq_cst, align 4
  %stop = icmp ne i32 %v, 0
  br i1 %stop, label %done, label %next
next:
  %p = getelementptr i32, ptr %a, i32 %i
  store i32 %i, ptr %p
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
define i32 @sums(ptr %a, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %next ]
  %s = phi i32 [ 0, %entry ], [ %s1, %next ]
  %v = load volatile i32, ptr @flag, align 4
  %stop = icmp ne i32 %v, 0
  br i1 %stop, label %done, label %next
next:
  %p = getelementptr i32, ptr %a, i32 %i
  %x = load i32, ptr %p
  %s1 = add i32 %s, %x
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %s
}
define i32 @sums_volatiles(ptr %a, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %loop ]
  %s = phi i32 [ 0, %entry ], [ %s1, %loop ]
  %p = getelementptr i32, ptr %a, i32 %i
  %x = load volatile i32, ptr %p
  %s1 = add i32 %s, %x
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %s1
}
define ptr @finds(ptr %head, i32 %key) {
entry:
  br label %loop
loop:
  %n = phi ptr [ %head, %entry ], [ %after, %next ]
  %none = icmp eq ptr %n, null
  br i1 %none, label %done, label %look
look:
  %k = getelementptr i8, ptr %n, i64 8
  %v = load i32, ptr %k
  %hit = icmp eq i32 %v, %key
  br i1 %hit, label %done, label %next
next:
  %after = load atomic ptr, ptr %n acquire, align 8
  br label %loop
done:
  ret ptr %n
}
define void @delays() {
entry:
  %i = alloca i32
  store volatile i32 0, ptr %i
  br label %loop
loop:
  %v = load volatile i32, ptr %i
  %v1 = add i32 %v, 1
  store volatile i32 %v1, ptr %i
  %more = icmp ult i32 %v1, 1000
  br i1 %more, label %loop, label %done
done:
  ret void
}
define i32 @counts(i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i1, %loop ]
  %i1 = add i32 %i, 3
  %more = icmp ult i32 %i1, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %i1
}
define void @interprets(ptr %code, ptr %state) {
entry:
  br label %fetch
fetch:
  %pc = phi ptr [ %code, %entry ], [ %pc1, %traced ], [ %pc1, %adds ], [ %pc1, %jumps ]
  %op = load i8, ptr %pc
  %pc1 = getelementptr i8, ptr %pc, i64 1
  %trap = load volatile i32, ptr @flag, align 4
  switch i8 %op, label %jumps [ i8 0, label %ends
                                i8 1, label %adds ]
adds:
  %x = load i32, ptr %state
  %x1 = add i32 %x, 1
  store i32 %x1, ptr %state
  br label %fetch
jumps:
  %t = icmp eq i32 %trap, 0
  br i1 %t, label %fetch, label %traced
traced:
  call void @traces(ptr %state)
  br label %fetch
ends:
  ret void
}
declare void @traces(ptr)
