// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %plain-clang -O2 -S -emit-llvm %s -o %t/m.ll
// RUN: %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %t/m.ll 2>&1 | FileCheck %s
// REQUIRES: capcc
// All structures lie in one array of bytes, at places that nothing is known of. Members at one offset are told apart by the
// structures' types where these differ before them (a, b), and are taken for each other where they do not (a, c).
// CHECK-DAG: call_a: three two; external no
// CHECK-DAG: call_b: one; external no
// CHECK-DAG: call_c: three two; external no
#include <stddef.h>

struct b { float n; int (*f)(void); };
struct a { long n; int (*f)(void); };
struct c { long n; int (*f)(void); int more; };
static char arena[4096];
static size_t used;

static __attribute__((noinline)) int one(void) { return 1; }
static __attribute__((noinline)) int two(void) { return 2; }
static __attribute__((noinline)) int three(void) { return 3; }
static __attribute__((noinline)) void *take(size_t n) { return arena + (used += n); }
static __attribute__((noinline)) int call_a(struct a *x) { return x->f() + 1; }
static __attribute__((noinline)) int call_b(struct b *x) { return x->f() + 1; }
static __attribute__((noinline)) int call_c(struct c *x) { return x->f() + 1; }

int main(void) {
    struct b *b = take(sizeof *b);
    struct a *a = take(sizeof *a);
    struct c *c = take(sizeof *c);
    b->f = one;
    a->f = two;
    c->f = three;
    return call_a(a) + call_b(b) + call_c(c);
}
