// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %plain-clang -O2 -S -emit-llvm %s -o %t/m.ll
// RUN: %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %t/m.ll 2>&1 | FileCheck %s
// REQUIRES: capcc
// A member of a union has no type in the metadata: what is put there may be read as any member, in the union and out of it, and it may
// hold what was put into any; each is called where its type is that of the call. A function of another type that was put into the member itself stays, as C programs do call
// those. Bytes copied through characters keep what they are.
// CHECK-DAG: {{^}}call_union: bytes_one inner_one one; external yes
// CHECK-DAG: {{^}}call_inner: inner_one one; external yes
// CHECK-DAG: {{^}}call_mistyped: mistyped one; external yes
// CHECK-DAG: {{^}}call_bytes: bytes_one one; external yes
struct inner { long tag; int (*f)(int); };
struct pair { double tag; int (*f)(int); };
struct bytes { float tag; int more; int (*f)(int); };
struct boxed { int kind; union { int (*f)(int); void (*g)(void); struct inner i; } u; };

static __attribute__((noinline)) int one(int x) { return x; }
static __attribute__((noinline)) int inner_one(int x) { return x + 1; }
static __attribute__((noinline)) int bytes_one(int x) { return x + 3; }
static int state;
static __attribute__((noinline)) void none(void) { state++; }
static __attribute__((noinline)) void mistyped(int x) { state += x; }
void give(const void *);
void *get(void);

static __attribute__((noinline)) int call_union(struct boxed *b) { return b->u.f(1) + 1; }
static __attribute__((noinline)) int call_inner(struct inner *i) { return i->f(1) + 1; }
static __attribute__((noinline)) int call_mistyped(struct pair *p) { return p->f(1) + 1; }
static __attribute__((noinline)) int call_bytes(struct bytes *b) { return b->f(1) + 1; }

int main(void) {
    struct boxed *b = get();
    struct inner *i = get();
    struct pair *p = get();
    struct bytes *from = get();
    b->u.f = one;
    ((struct boxed *)get())->u.g = none;
    i->f = inner_one;
    p->f = (int (*)(int))mistyped;
    from->f = bytes_one;
    char *to = get(), *at = (char *)from;
    for (unsigned k = 0; k < sizeof *from; k++)
        to[k] = at[k];
    return call_union(get()) + call_inner(get()) + call_mistyped(get()) + call_bytes((struct bytes *)to);
}
