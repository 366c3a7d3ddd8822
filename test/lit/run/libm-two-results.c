// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of libm that return a second result through a pointer; the compiler knows them as operations with two results,
// and joins a sine and a cosine of one angle in one of them.
//
// RUN: %run-matrix %s %t -lm | FileCheck %s
// RUN: %run-matrix %s %t-fast -lm -fno-math-errno | FileCheck %s
// CHECK: modf 0.25 3
// CHECK-NEXT: modff -0.5 -2
// CHECK-NEXT: modfl 0.125 7
// CHECK-NEXT: frexp 0.8125 2
// CHECK-NEXT: frexpf -0.625 2
// CHECK-NEXT: frexpl 0.890625 3
// CHECK-NEXT: sincos 0.8415 0.5403
// CHECK-NEXT: joined 0.3012 0.3012
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>

int main(int argc, char **argv) {
    (void)argv;
    double d, s, c;
    float f;
    long double l;
    int e;
    double part = modf(argc * 3.25, &d);
    printf("modf %g %g\n", part, d);
    float partf = modff(argc * -2.5f, &f);
    printf("modff %g %g\n", partf, f);
    long double partl = modfl(argc * 7.125L, &l);
    printf("modfl %Lg %Lg\n", partl, l);
    part = frexp(argc * 3.25, &e);
    printf("frexp %g %d\n", part, e);
    partf = frexpf(argc * -2.5f, &e);
    printf("frexpf %g %d\n", partf, e);
    partl = frexpl(argc * 7.125L, &e);
    printf("frexpl %Lg %d\n", partl, e);
    sincos(argc, &s, &c);
    printf("sincos %.4f %.4f\n", s, c);
    printf("joined %.4f %.4f\n", sin(argc) - cos(argc), sinf(argc) - cosf(argc));
    return 0;
}
