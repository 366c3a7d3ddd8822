; RUN: rm -rf %t && mkdir %t
; RUN: printf 'capriccio profile 1\nsite\t1\tthread\t-\tstart\t0\t10\t10\t240\t4480\t0\t0\t232\t0\t0\t0\t500\t0\nsite\t2\tcall\tupper\tlower\t99\t500\t500\t300\t0\t0\t0\t280\t0\t500\t0\t0\t0\npair\t1\t2\t500\t540\nend\n' > %t/hot
; RUN: printf 'capriccio profile 1\nsite\t1\tthread\t-\tstart\t0\t10\t10\t240\t4480\t0\t0\t232\t0\t500\t0\t0\t0\nsite\t2\tcall\tupper\tlower\t99\t500\t500\t300\t0\t0\t0\t280\t0\t0\t0\t0\t0\npair\t1\t2\t500\t540\nend\n' > %t/held
; RUN: printf 'capriccio profile 1\nsite\t1\tthread\t-\tstart\t0\t10\t10\t500\t4480\t0\t0\t60\t0\t0\t0\t0\t0\nend\n' > %t/shallow
; RUN: printf 'capriccio profile 1\nsite\t1\tthread\t-\tstart\t0\t10\t10\t500\t4480\t0\t0\t600\t0\t0\t0\t0\t0\nedge\tstart\tupper\t10\nend\n' > %t/traced
; RUN: env CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=512 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck --check-prefix=PLAIN %s
; RUN: env CAPCC_PROFILE=%t/hot CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=512 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck --check-prefix=HOT %s
; RUN: env CAPCC_PROFILE=%t/held CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=512 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck --check-prefix=PLAIN %s
; RUN: env CAPCC_PROFILE=%t/shallow CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=2048 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck --check-prefix=SHALLOW %s
; RUN: env CAPCC_PROFILE=%t/traced CAPCC_PRINT=placement CAPCC_STACKS=linked CAPCC_MAX_PATH=2048 %opt -load-pass-plugin=%pass -passes=capriccio -S -o /dev/null %s 2>&1 | FileCheck --check-prefix=TRACED %s
; REQUIRES: capcc
; What linked whenever the check before had is asked for with that one, unless threads wait between the two and would hold the larger
; chunk. The bytes above the second check are those of the run, what it asks for is of this program. No path is longer for it.
; PLAIN: start frame=8 depth=240 entry=checked{{$}}
; PLAIN-NEXT: in-place upper: in place
; PLAIN: upper frame=
; PLAIN-NEXT: checkpoint lower: path over MaxPath
; HOT: start frame=8 depth=240 entry=checked asks=530 by the profile{{$}}
; HOT-NEXT: in-place upper: in place
; HOT: upper frame=
; HOT-NEXT: checkpoint lower: path over MaxPath
; HOT: lower frame=290 depth=290{{$}}
;
; A chunk of which 60 bytes were used has not seen a call below 200.
; SHALLOW: start frame=
; SHALLOW-NEXT: in-place upper: in place
; SHALLOW: upper frame=
; SHALLOW-NEXT: checkpoint lower: cold in the profile
;
; One of which 600 were used may have, but left no trace of it; what used them was other checks, which found room.
; TRACED: start frame=8 depth=240 entry=checked asks=664 by the profile{{$}}
; TRACED-NEXT: in-place upper: in place
; TRACED: upper frame=
; TRACED-NEXT: checkpoint lower: cold in the profile
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define void @start() {
  call void @upper()
  ret void
}
define internal void @upper() noinline {
  %p = alloca [200 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void @lower()
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
define internal void @lower() noinline {
  %p = alloca [290 x i8]
  call void asm sideeffect "", "r"(ptr %p)
  call void asm sideeffect "", "r"(ptr %p)
  ret void
}
